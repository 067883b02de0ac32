// What a delivered record's metadata says is what is stored.
import { expect, it, onTestFinished } from 'vitest';
import { type BatchError, type BatchResult, type ProducerRecord, RecordMetadata } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, endOffsets } from '../broker/topics';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

/** `partition/offset` of each record to its timestamp. */
async function storedTimestamps(brokers: string, topic: string): Promise<Map<string, number>> {
  const stored = await readBack(brokers, topic);
  return new Map(stored.map(({ partition, offset, timestamp }) => [`${partition}/${offset}`, timestamp]));
}

const places = (result: BatchResult) =>
  Array.from({ length: result.count }, (_, i) => `${result.partitions[i]}/${result.offsets[i]}`);

describeOnKafka('timestamps', (brokers) => {
  it('of a CreateTime topic are the time of the call, unless the record has its own', async () => {
    const topic = await createTopic(brokers(), { partitions: 3 });
    const producer = openProducer({ bootstrapServers: brokers() });
    await producer.connect();
    const before = Date.now();
    const [single, dated, result] = await Promise.all([
      producer.send({ topic, value: 'v' }),
      producer.send({ topic, value: 'v', timestamp: new Date(1_700_000_000_123) }),
      producer.sendBatch(Array.from({ length: 500 }, (_, i) => ({ topic, key: `${i}`, value: 'v' }))),
    ]);
    const after = Date.now();
    const stored = await storedTimestamps(brokers(), topic);
    for (const { partition, offset, timestamp, timestampType } of [single, dated]) {
      expect(timestampType).toBe('CreateTime');
      expect(stored.get(`${partition}/${offset}`)).toBe(timestamp);
    }
    expect(dated.timestamp).toBe(1_700_000_000_123);
    expect([...result.timestamps]).toEqual(places(result).map((place) => stored.get(place)));
    for (const timestamp of [single.timestamp, ...result.timestamps]) {
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(timestamp).toBeLessThanOrEqual(after);
    }
    expect(result.record(499).timestampType).toBe('CreateTime');
  });

  it('are what a record says, with headers or without, among records that say nothing', async () => {
    const topic = await createTopic(brokers(), { partitions: 2 });
    const producer = openProducer({ bootstrapServers: brokers() });
    const before = Date.now();
    const times = [0, undefined, 1, 1_700_000_000_123, undefined, 0, 1_600_000_000_000];
    const records = Array.from({ length: 700 }, (_, i) => ({
      topic,
      partition: i % 2,
      value: `${i}`,
      timestamp: times[i % times.length],
      headers: i % 3 === 0 ? { n: `${i}` } : undefined,
    }));
    const result = await producer.sendBatch(records);
    const stored = await readBack(brokers(), topic);
    for (const partition of [0, 1]) {
      const expected = records.filter((record) => record.partition === partition);
      const found = stored.filter((record) => record.partition === partition);
      expect(found.map(({ value }) => String(value))).toEqual(expected.map(({ value }) => value));
      for (const [i, { timestamp, headers }] of expected.entries()) {
        if (timestamp === undefined) expect(found[i].timestamp).toBeGreaterThanOrEqual(before);
        else expect(found[i].timestamp).toBe(timestamp);
        expect(found[i].headers.map(([name, value]) => [name, String(value)])).toEqual(
          headers === undefined ? [] : [['n', headers.n]],
        );
      }
    }
    expect(result.timestamps[0]).toBe(0);
  });

  it('of a LogAppendTime topic are the broker’s', async () => {
    const configs = { 'message.timestamp.type': 'LogAppendTime' };
    const topic = await createTopic(brokers(), { partitions: 3, configs });
    const producer = openProducer({ bootstrapServers: brokers() });
    const own = { topic, value: 'v', timestamp: 1_700_000_000_000 };
    const singles = await Promise.all([producer.send(own), producer.send({ topic, value: 'v' })]);
    const result = await producer.sendBatch([own, { topic, value: 'v' }, own, own]);
    const stored = await storedTimestamps(brokers(), topic);
    for (const { partition, offset, timestamp, timestampType } of singles) {
      expect(timestampType).toBe('LogAppendTime');
      expect(timestamp).not.toBe(1_700_000_000_000);
      expect(stored.get(`${partition}/${offset}`)).toBe(timestamp);
    }
    expect([...result.timestamps]).toEqual(places(result).map((place) => stored.get(place)));
    expect(result.record(0).timestampType).toBe('LogAppendTime');
  });

  it('of a batch of both kinds of topics are each record’s own', async () => {
    const configs = { 'message.timestamp.type': 'LogAppendTime' };
    const appended = await createTopic(brokers(), { partitions: 1, configs });
    const created = await createTopic(brokers(), { partitions: 1 });
    const producer = openProducer({ bootstrapServers: brokers() });
    const topics = [created, appended, appended, created];
    const result = await producer.sendBatch(topics.map((topic) => ({ topic, value: 'v', timestamp: 1_000 })));
    expect([0, 1, 2, 3].map((i) => result.record(i).timestampType)).toEqual([
      'CreateTime',
      'LogAppendTime',
      'LogAppendTime',
      'CreateTime',
    ]);
  });
});

describeOnEachCluster('metadata', (cluster) => {
  it('counts each partition’s offsets up from the topic’s end', async () => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = (count: number, partition: number): ProducerRecord[] =>
      Array.from({ length: count }, () => ({ topic, partition, value: 'v' }));
    const first = await producer.send({ topic, partition: 1, value: 'v' });
    expect(first).toBeInstanceOf(RecordMetadata);
    expect(first).toMatchObject({ topic, partition: 1, offset: 0n });
    const result = await producer.sendBatch([...records(3, 0), ...records(3, 1), ...records(2, 0)]);
    expect([...result.partitions]).toEqual([0, 0, 0, 1, 1, 1, 0, 0]);
    expect([...result.offsets]).toEqual([0n, 1n, 2n, 1n, 2n, 3n, 3n, 4n]);
    expect(await producer.send({ topic, partition: 0, value: 'v' })).toMatchObject({
      partition: 0,
      offset: 5n,
    });
  });

  it.each([1, 'all', -1] as const)('with acks %s tells the offset', async (acks) => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers, acks });
    expect((await producer.send({ topic, value: 'v' })).offset).toBe(0n);
    expect([...(await producer.sendBatch([{ topic }, { topic }])).offsets]).toEqual([1n, 2n]);
  });

  it('with acks 0 tells no offset, as nobody knows it', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers, acks: 0 });
    const single = await producer.send({ topic, value: 'v' });
    expect(single).toMatchObject({ topic, partition: 0, offset: -1n });
    const result = await producer.sendBatch([{ topic, value: 'v' }, { topic }]);
    expect([...result.offsets]).toEqual([-1n, -1n]);
    expect([result.deliveredCount, result.delivered(0)]).toEqual([2, true]);
    await expect.poll(() => endOffsets(cluster.brokers, topic)).toEqual([3n]);
  });

  it('of a batch of several frames and topics belongs to the record at its index', async () => {
    const topics = [await cluster.createTopic(3), await cluster.createTopic(1)];
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = Array.from({ length: 12_000 }, (_, i) => ({
      topic: topics[i % 3 === 0 ? 1 : 0],
      partition: i % 3 === 0 ? 0 : i % 2,
      value: i % 1000 === 0 ? 'x'.repeat(300_000) : 'v',
    }));
    const result = await producer.sendBatch(records);
    const next = new Map<string, bigint>();
    for (const [i, { topic, partition }] of records.entries()) {
      const place = `${topic}/${partition}`;
      const offset = next.get(place) ?? 0n;
      next.set(place, offset + 1n);
      if (i % 97 === 0) expect(result.record(i)).toMatchObject({ topic, partition, offset });
      if (result.partitions[i] !== partition || result.offsets[i] !== offset)
        expect.unreachable(`record ${i}`);
    }
    expect([result.count, result.failedCount, result.deliveredCount]).toEqual([12_000, 0, 12_000]);
    expect(result.errorCode(11_999)).toBeUndefined();
    for (const outside of [-1, 12_000, Number.NaN]) {
      expect(() => result.record(outside)).toThrow(RangeError);
      expect(() => result.delivered(outside)).toThrow(RangeError);
      expect(() => result.errorCode(outside)).toThrow(RangeError);
    }
  });

  it('of one batch is not changed by the batches behind it', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const batch = () => producer.sendBatch(Array.from({ length: 100 }, () => ({ topic, value: 'v' })));
    const results = await Promise.all(Array.from({ length: 50 }, batch));
    for (const [i, result] of results.entries()) {
      expect([result.offsets[0], result.offsets[99]]).toEqual([BigInt(i * 100), BigInt(i * 100 + 99)]);
    }
  });
});

it('a batch of several frames tells which of its records failed', async () => {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
  const records = Array.from({ length: 10_000 }, (_, i) => ({
    topic: 'orders',
    value: 'v',
    partition: i === 9_000 || i === 5_000 ? 7 : 0,
  }));
  const { errors, result }: BatchError = await producer.sendBatch(records).then(
    () => expect.unreachable('two must fail'),
    (error) => error,
  );
  expect(errors.map(({ index, code }) => [index, code])).toEqual([
    [5_000, '_UNKNOWN_PARTITION'],
    [9_000, '_UNKNOWN_PARTITION'],
  ]);
  expect([result.count, result.failedCount, result.deliveredCount]).toEqual([10_000, 2, 9_998]);
  const failed = Array.from({ length: 10_000 }, (_, i) => i).filter((i) => result.errorCode(i) !== undefined);
  expect(failed).toEqual([5_000, 9_000]);
  expect([4_999, 5_000].map((i) => result.delivered(i))).toEqual([true, false]);
});

it('a batch with failures tells each record’s own topic, and its error’s code', async () => {
  const own = await EmbeddedCluster.start({ topics: ['a', 'b'] });
  onTestFinished(() => own.close());
  const producer = openProducer({ bootstrapServers: own.bootstrapServers });
  const failed = (records: object[]): Promise<BatchError> =>
    producer.sendBatch(records as ProducerRecord[]).then(
      () => expect.unreachable('some must fail'),
      (error) => error,
    );
  const { errors, result } = await failed([{ topic: 'a' }, { topic: 'bad name' }, {}, { topic: 'b' }]);
  expect([0, 1, 2, 3].map((i) => result.record(i).topic)).toEqual(['a', 'bad name', '', 'b']);
  const codes = [undefined, 'INVALID_RECORD', 'INVALID_RECORD', undefined];
  expect([0, 1, 2, 3].map((i) => result.errorCode(i))).toEqual(codes);
  expect(errors.map(({ index }) => index)).toEqual([1, 2]);
  own.setLeader('a', 0, null);
  const late = failed([{ topic: 'a', partition: 0 }, { topic: 'b' }]);
  await producer.close({ timeoutMs: 500 });
  const { errors: lateErrors, result: lateResult } = await late;
  expect(lateErrors.map(({ index, code }) => [index, code])).toEqual([[0, 'PRODUCER_CLOSED']]);
  expect([0, 1].map((i) => lateResult.errorCode(i))).toEqual(['PRODUCER_CLOSED', undefined]);
});
