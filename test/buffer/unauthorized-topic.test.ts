// A topic that we may not write to fails by itself: its records neither hold up nor fail those of others.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BatchError, type Producer, type RecordError } from '../../src';
import { KafkaWithAcls } from '../broker/kafka-with-acls';
import { describeWithOwnKafka } from '../broker/real-broker';
import { createTopic, endOffsets } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

const REFUSED = 'TOPIC_AUTHORIZATION_FAILED';
const DELIVERED = 'delivered';

describeWithOwnKafka('an unauthorized topic', () => {
  let acls: KafkaWithAcls;
  beforeAll(async () => {
    acls = await KafkaWithAcls.start({ heap: '384m' });
  }, 200_000);
  afterAll(() => acls?.kafka.stop());

  const newTopic = () => createTopic(acls.kafka.bootstrapServers, { partitions: 2 });
  const open = () => openProducer({ ...acls.asUser, bufferMemory: 200_000 });

  const outcomeOf = (sent: Promise<unknown>) =>
    sent.then(
      () => DELIVERED,
      (error: RecordError) => error.code,
    );

  /** Sends to both in each turn, awaiting the good one only, and a batch of both at the end. */
  async function alternate(producer: Producer, good: string, bad: string) {
    const value = 'x'.repeat(1_000);
    const ofBad: Promise<string>[] = [];
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 5; j++) ofBad.push(outcomeOf(producer.send({ topic: bad, value })));
      await producer.send({ topic: good, value });
    }
    const batch = await producer
      .sendBatch(Array.from({ length: 500 }, (_, i) => ({ topic: i % 2 === 0 ? bad : good, value })))
      .catch((error: BatchError) => error);
    expect(batch).toBeInstanceOf(BatchError);
    const { errors, result } = batch as BatchError;
    expect(errors.map(({ index, code, topic, persisted }) => [index, code, topic, persisted])).toEqual(
      Array.from({ length: 250 }, (_, i) => [i * 2, REFUSED, bad, 'no']),
    );
    expect(result.deliveredCount).toBe(250);
    return new Set(await Promise.all(ofBad));
  }

  const stored = async (topic: string) =>
    (await endOffsets(acls.kafka.bootstrapServers, topic)).reduce((sum, end) => sum + end, 0n);

  it.each(['write', 'all'] as const)(
    'fails alone where it was denied to %s from the beginning',
    async (what) => {
      const [good, bad] = [await newTopic(), await newTopic()];
      await acls.deny(bad, what);
      const producer = open();
      expect(await alternate(producer, good, bad)).toEqual(new Set([REFUSED]));
      expect([await stored(good), await stored(bad)]).toEqual([350n, 0n]);
      expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, waitingSends: 0, outstandingRecords: 0 });
    },
  );

  it('fails for what it is among many in a batch, which does not look them up one after the other', async () => {
    const good = await newTopic();
    const refused = Array.from({ length: 12 }, (_, i) => `refused-${i}`);
    await Promise.all(refused.map((topic) => acls.deny(topic, 'all')));
    // Each after a pause, they would take longer.
    const producer = openProducer({ ...acls.asUser, maxBlockMs: 2_000 });
    await producer.send({ topic: good });
    const error = await producer
      .sendBatch([...refused, good, ...refused].map((topic) => ({ topic })))
      .catch((reason: BatchError) => reason);
    const codes = (error as BatchError).errors.map(({ code }) => code);
    expect(codes).toEqual(new Array(24).fill(REFUSED));
    expect((error as BatchError).result.deliveredCount).toBe(1);
  });

  it('fails alone where it is denied later, and goes on when it is allowed again', async () => {
    const [good, bad] = [await newTopic(), await newTopic()];
    const producer = open();
    await Promise.all([good, bad].map((topic) => producer.send({ topic, value: 'first' })));
    await acls.deny(bad, 'write');
    await expect.poll(() => outcomeOf(producer.send({ topic: bad })), { timeout: 20_000 }).toBe(REFUSED);
    expect(await alternate(producer, good, bad)).toEqual(new Set([REFUSED]));
    await acls.allow(bad);
    await expect.poll(() => outcomeOf(producer.send({ topic: bad })), { timeout: 20_000 }).toBe(DELIVERED);
    expect(await stored(good)).toBe(351n);
  });
});
