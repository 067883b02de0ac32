// The load the engine is built for, read back record by record.
import { expect, it } from 'vitest';
import { forEachRecord } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

const RECORDS = 1_000_000;
const PER_CALL = 1000;
const CALLS_IN_FLIGHT = 20;
const KEYS = 10_000;

describeOnKafka('1,000,000 keyed records over 20 concurrent batches of 1,000', (brokers) => {
  it('arrive once each, in order for each key', async () => {
    const topic = await createTopic(brokers(), { partitions: 12 });
    const producer = openProducer({ bootstrapServers: brokers(), acks: 'all' });
    let next = 0;
    const caller = async () => {
      while (next < RECORDS) {
        const first = next;
        next += PER_CALL;
        await producer.sendBatch(
          Array.from({ length: PER_CALL }, (_, i) => ({
            topic,
            key: `key-${(first + i) % KEYS}`,
            value: String(first + i).padEnd(100, '.'),
          })),
        );
      }
    };
    await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, caller));
    await producer.close();

    const seen = new Uint8Array(RECORDS);
    const lastOfKey = new Int32Array(KEYS).fill(-1);
    let disorder = 0;
    const count = await forEachRecord(brokers(), topic, ({ key, value }) => {
      const number = Number.parseInt(String(value), 10);
      const keyNumber = number % KEYS;
      if (String(key) !== `key-${keyNumber}` || value?.length !== 100) disorder++;
      if (number <= lastOfKey[keyNumber]) disorder++;
      lastOfKey[keyNumber] = number;
      seen[number]++;
    });
    expect({ count, disorder }).toEqual({ count: RECORDS, disorder: 0 });
    expect(seen.every((times) => times === 1)).toBe(true);
  }, 120_000);
});
