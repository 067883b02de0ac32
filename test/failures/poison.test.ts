// Records that a broker refuses, and those that shared a request with them (KIP-467).
import { expect, it } from 'vitest';
import type { BatchError, Producer, ProducerRecord, RecordError } from '../../src';
import { type ReadRecord, readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

/** Sends and waits, whatever becomes of the records: the errors by their index. */
async function errorsOf(
  producer: Pick<Producer, 'sendBatch'>,
  records: ProducerRecord[],
): Promise<Map<number, RecordError>> {
  try {
    await producer.sendBatch(records);
    return new Map();
  } catch (error) {
    return new Map((error as BatchError).errors.map((one) => [one.index, one]));
  }
}

const numbers = (records: ReadRecord[]) => records.map(({ value }) => Number(value));

describeOnKafka('a record that the broker refuses', (brokers) => {
  const compacted = (partitions = 1) =>
    createTopic(brokers(), { partitions, configs: { 'cleanup.policy': 'compact' } });

  /** Those at `poison` have no key, which a compacted topic does not take. */
  const keyed = (topic: string, count: number, poison: (i: number) => boolean): ProducerRecord[] =>
    Array.from({ length: count }, (_, i) => ({
      topic,
      partition: 0,
      key: poison(i) ? null : `key-${i}`,
      value: `${i}`,
      ...(i % 7 === 0 ? { headers: { n: `${i}`, empty: '' }, timestamp: 1_700_000_000_000 + i } : {}),
    }));

  it.each([
    ['one', (i: number) => i === 500],
    ['several', (i: number) => i % 97 === 13],
    ['the first and the last', (i: number) => i === 0 || i === 999],
  ])('fails alone: %s among a thousand', async (_what, poison) => {
    const topic = await compacted();
    // One request for all: what is in a request behind theirs may overtake those that are sent again.
    const producer = openProducer({ bootstrapServers: brokers(), lingerMs: 200 });
    await producer.connect();
    const records = keyed(topic, 1000, poison);
    const errors = await errorsOf(producer, records);
    const expected = records.map((_, i) => i).filter(poison);
    expect([...errors.keys()]).toEqual(expected);
    for (const error of errors.values()) {
      expect(error).toMatchObject({ code: 'INVALID_RECORD', persisted: 'no', retriable: false });
      expect(error.message).toContain('without key');
    }
    // The others once each, in order among themselves, and as they were given.
    const stored = await readBack(brokers(), topic);
    expect(numbers(stored)).toEqual(records.map((_, i) => i).filter((i) => !poison(i)));
    for (const { value, headers, timestamp } of stored) {
      const i = Number(value);
      if (i % 7 !== 0) continue;
      expect(headers).toEqual([
        ['n', Buffer.from(`${i}`)],
        ['empty', Buffer.from('')],
      ]);
      expect(timestamp).toBe(1_700_000_000_000 + i);
    }
  });

  it('does not touch null and empty values, nor other partitions, of those sent again', async () => {
    const topic = await compacted(3);
    const producer = openProducer({ bootstrapServers: brokers() });
    const values = ['', null, 'text', Buffer.from([0, 255])];
    const records: ProducerRecord[] = [0, 1, 2].flatMap((partition) => [
      ...values.map((value, i) => ({ topic, partition, key: i === 0 ? '' : `${i}`, value })),
      { topic, partition, value: 'poison' },
    ]);
    const errors = await errorsOf(producer, records);
    expect([...errors.keys()]).toEqual([4, 9, 14]);
    const stored = await readBack(brokers(), topic);
    expect(stored.map(({ partition, key, value }) => [partition, `${key}`, value])).toEqual(
      [0, 1, 2].flatMap((partition) =>
        values.map((value, i) => [
          partition,
          i === 0 ? '' : `${i}`,
          value === null ? null : Buffer.from(value),
        ]),
      ),
    );
  });

  it('among single sends fails its own promise only', async () => {
    const topic = await compacted();
    const producer = openProducer({ bootstrapServers: brokers(), lingerMs: 50 });
    const outcomes = await Promise.allSettled(
      keyed(topic, 200, (i) => i % 50 === 25).map((record) => producer.send(record)),
    );
    outcomes.forEach(({ status }, i) => {
      expect(status).toBe(i % 50 === 25 ? 'rejected' : 'fulfilled');
    });
    expect(numbers(await readBack(brokers(), topic))).toHaveLength(196);
    expect(producer.metrics()).toMatchObject({ outstandingRecords: 0, bufferedBytes: 0, failedRecords: 4 });
  });

  it("takes its request's others along with onPoison: 'fail', and says why", async () => {
    const topic = await compacted();
    const producer = openProducer({ bootstrapServers: brokers(), onPoison: 'fail', lingerMs: 50 });
    // A partition's first record travels alone.
    await producer.send({ topic, partition: 0, key: 'before', value: '-1' });
    const errors = await errorsOf(
      producer,
      keyed(topic, 100, (i) => i === 50),
    );
    expect(errors.size).toBe(100);
    for (const [index, error] of errors) {
      const code = index === 50 ? 'INVALID_RECORD' : '_INVALID_DIFFERENT_RECORD';
      expect(error).toMatchObject({ code, persisted: 'no', retriable: index !== 50 });
    }
    expect(numbers(await readBack(brokers(), topic))).toEqual([-1]);
  });

  it('takes its transaction along: nothing of it becomes visible, and the next one does', async () => {
    const topic = await compacted();
    const elsewhere = await compacted();
    const producer = openProducer({
      bootstrapServers: brokers(),
      transactionalId: `poison-${topic}`,
      lingerMs: 50,
    });
    const poisoned = await producer.beginTransaction();
    await poisoned.send({ topic, partition: 0, key: 'before', value: '-1' });
    await poisoned.send({ topic: elsewhere, key: 'k', value: 'v' });
    const errors = await errorsOf(
      poisoned,
      keyed(topic, 100, (i) => i === 50),
    );
    // None is sent again: its transaction is to be aborted anyway.
    expect(errors.size).toBe(100);
    for (const [index, error] of errors) {
      const code = index === 50 ? 'INVALID_RECORD' : '_INVALID_DIFFERENT_RECORD';
      expect(error).toMatchObject({ code, persisted: 'no', abortable: true });
    }
    await expect(poisoned.commit()).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      abortable: true,
      cause: { code: 'BATCH_FAILED' },
    });
    await poisoned.abort();
    // A refused record leaves a gap in the sequence, which fails the next transaction once.
    await producer.transact((tx) => tx.send({ topic, key: 'after', value: '7' }), { retries: 3 });
    const read = await readBack(brokers(), topic, { expectedCount: 1 });
    expect(numbers(read)).toEqual([7]);
    expect(await readBack(brokers(), elsewhere)).toEqual([]);
    expect(producer.metrics()).toMatchObject({ outstandingRecords: 0, bufferedBytes: 0 });
  });

  it('ends with those sent again accounted for when the producer closes at once', async () => {
    const topic = await compacted();
    const producer = openProducer({ bootstrapServers: brokers() });
    await producer.connect();
    const sent = errorsOf(
      producer,
      keyed(topic, 5000, (i) => i % 100 === 0),
    );
    const receipt = await producer.close();
    const errors = await sent;
    expect(receipt).toMatchObject({ accepted: 5000, delivered: 5000 - errors.size, unsent: 0 });
    expect(errors.size).toBe(50);
    expect(await readBack(brokers(), topic)).toHaveLength(4950);
  });
});
