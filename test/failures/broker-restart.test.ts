// A real broker, killed and started again under load: what was acknowledged is there, once.
import { describe, expect, it, onTestFinished } from 'vitest';
import { forEachRecord } from '../broker/read-back';
import { describeWithOwnKafka } from '../broker/real-broker';
import { RealKafka } from '../broker/real-kafka';
import { createTopic } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

describeWithOwnKafka('a broker that is killed and started again under load', () => {
  it('has every acknowledged record once, in order for each key', async () => {
    const kafka = await RealKafka.start();
    onTestFinished(() => kafka.stop());
    const topic = await createTopic(kafka.bootstrapServers, { partitions: 4 });
    const producer = openProducer({ bootstrapServers: kafka.bootstrapServers });
    const acknowledged = new Set<number>();
    const failures: string[] = [];
    let next = 0;
    let stopped = false;
    const caller = async () => {
      while (!stopped) {
        const first = next;
        next += 100;
        const records = Array.from({ length: 100 }, (_, i) => ({
          topic,
          key: `${(first + i) % 50}`,
          value: `${first + i}`,
        }));
        await producer.sendBatch(records).then(
          () => {
            for (let i = 0; i < records.length; i++) acknowledged.add(first + i);
          },
          (error) => failures.push(error.message),
        );
      }
    };
    const callers = Array.from({ length: 5 }, caller);
    await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(5_000);
    await kafka.brokers[0].kill('SIGKILL');
    const before = acknowledged.size;
    await kafka.brokers[0].start();
    await expect.poll(() => acknowledged.size, { timeout: 40_000 }).toBeGreaterThan(before + 5_000);
    stopped = true;
    await Promise.all(callers);
    await producer.close();

    const stored = new Map<number, number>();
    const lastOfKey = new Map<string, number>();
    let disorder = 0;
    await forEachRecord(kafka.bootstrapServers, topic, ({ key, value }) => {
      const number = Number(value);
      stored.set(number, (stored.get(number) ?? 0) + 1);
      if (number <= (lastOfKey.get(String(key)) ?? -1)) disorder++;
      lastOfKey.set(String(key), number);
    });
    expect(failures).toEqual([]);
    expect([...acknowledged].filter((number) => stored.get(number) !== 1)).toEqual([]);
    expect([...stored.values()].every((times) => times === 1)).toBe(true);
    expect(disorder).toBe(0);
  }, 120_000);
});

describe('the checks above', () => {
  it('would see a record that is stored twice or not at all', () => {
    const stored = new Map([
      [1, 1],
      [2, 2],
    ]);
    expect([1, 2, 3].filter((number) => stored.get(number) !== 1)).toEqual([2, 3]);
  });
});
