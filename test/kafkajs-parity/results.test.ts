// What send and sendBatch resolve with, and what the broker has afterwards.
import { expect, it } from 'vitest';
import type { RecordMetadata } from '../../src/kafkajs';
import { describeParity } from './libraries';

const byPartition = (a: RecordMetadata, b: RecordMetadata) =>
  a.topicName.localeCompare(b.topicName) || a.partition - b.partition;

function result(topicName: string, partition: number, baseOffset: string): RecordMetadata {
  return { topicName, partition, errorCode: 0, baseOffset, logAppendTime: '-1', logStartOffset: '0' };
}

describeParity('results', ({ library, topic, connected, read }) => {
  it('tell topic, partition and offset, in strings where kafkajs has strings', async () => {
    const name = await topic();
    const producer = await connected();
    expect(await producer.send({ topic: name, messages: [{ value: 'a' }] })).toEqual([result(name, 0, '0')]);
    expect(await producer.send({ topic: name, messages: [{ value: 'b' }, { value: 'c' }] })).toEqual([
      result(name, 0, '1'),
    ]);
    expect(await producer.send({ topic: name, messages: [{ value: 'd' }] })).toEqual([result(name, 0, '3')]);
  });

  it('have one entry for each partition', async () => {
    const name = await topic({ partitions: 3 });
    const producer = await connected();
    const messages = [2, 0, 2, 1, 0, 2].map((partition, i) => ({ partition, value: `${i}` }));
    expect((await producer.send({ topic: name, messages })).sort(byPartition)).toEqual([
      result(name, 0, '0'),
      result(name, 1, '0'),
      result(name, 2, '0'),
    ]);
    expect((await producer.send({ topic: name, messages: messages.slice(0, 2) })).sort(byPartition)).toEqual([
      result(name, 0, '2'),
      result(name, 2, '3'),
    ]);
  });

  it('of a batch have one entry for each topic and partition', async () => {
    const [one, other] = await Promise.all([topic({ partitions: 2 }), topic()]);
    const producer = await connected();
    const results = await producer.sendBatch({
      topicMessages: [
        { topic: one, messages: [{ value: 'a', partition: 1 }] },
        { topic: other, messages: [{ value: 'b' }, { value: 'c' }] },
      ],
    });
    expect(results.sort(byPartition)).toEqual([result(one, 1, '0'), result(other, 0, '0')].sort(byPartition));
    expect((await read(other)).map(({ value }) => String(value))).toEqual(['b', 'c']);
  });

  it('merge a topic that a batch names twice', async () => {
    const [one, other] = await Promise.all([topic(), topic()]);
    const producer = await connected();
    const results = await producer.sendBatch({
      topicMessages: [
        { topic: one, messages: [{ value: 'a' }] },
        { topic: other, messages: [{ value: 'x' }] },
        { topic: one, messages: [{ value: 'b' }, { value: 'c' }] },
      ],
    });
    expect(results.sort(byPartition)).toEqual([result(one, 0, '0'), result(other, 0, '0')].sort(byPartition));
    expect((await read(one)).map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
  });

  it('tell the log append time where the topic has it', async () => {
    const name = await topic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const producer = await connected();
    const before = Date.now();
    const [{ logAppendTime }] = await producer.send({ topic: name, messages: [{ value: 'a' }] });
    expect(logAppendTime).toMatch(/^\d+$/);
    expect(Math.abs(Number(logAppendTime) - before)).toBeLessThan(60_000);
    expect((await read(name))[0].timestamp).toBe(Number(logAppendTime));
  });

  it('are empty without acknowledgement', async () => {
    const name = await topic();
    const producer = await connected();
    expect(await producer.send({ topic: name, acks: 0, messages: [{ value: 'a' }] })).toEqual([]);
    // The broker has it before anything sent later on the same connection; ours is another one.
    await expect.poll(() => read(name)).toHaveLength(1);
  });

  it.each([-1, 1])('are told with acks %i', async (acks) => {
    const name = await topic();
    const producer = await connected();
    expect(await producer.send({ topic: name, acks, messages: [{ value: 'a' }] })).toEqual([
      result(name, 0, '0'),
    ]);
  });

  it('are empty when there was nothing to send', async () => {
    const name = await topic();
    const producer = await connected();
    expect(await producer.send({ topic: name, messages: [] })).toEqual([]);
    expect(await producer.sendBatch({ topicMessages: [] })).toEqual([]);
    expect(await producer.sendBatch({})).toEqual([]);
    expect(await producer.sendBatch({ topicMessages: [{ topic: name, messages: [] }] })).toEqual([]);
  });

  it('leave an empty topic of a batch out', async () => {
    const [one, other] = await Promise.all([topic(), topic()]);
    const producer = await connected();
    const topicMessages = [
      { topic: one, messages: [] },
      { topic: other, messages: [{ value: 'x' }] },
    ];
    expect(await producer.sendBatch({ topicMessages })).toEqual([result(other, 0, '0')]);
  });

  it('come from an idempotent producer too', async () => {
    const name = await topic();
    const producer = await connected({ idempotent: true });
    expect(producer.isIdempotent()).toBe(true);
    expect(await producer.send({ topic: name, messages: [{ value: 'a' }] })).toEqual([result(name, 0, '0')]);
    expect(await producer.send({ topic: name, messages: [{ value: 'b' }] })).toEqual([result(name, 0, '1')]);
  });

  it('are the same for compressed messages, which arrive as they were', async () => {
    const name = await topic();
    const producer = await connected();
    const { GZIP, None } = library.CompressionTypes;
    const value = 'compress me '.repeat(100);
    const messages = [{ value }, { key: 'k', value, headers: { h: 'v' } }];
    expect(await producer.send({ topic: name, compression: GZIP, messages })).toEqual([result(name, 0, '0')]);
    expect(await producer.send({ topic: name, compression: None, messages })).toEqual([result(name, 0, '2')]);
    const stored = await read(name);
    expect(stored.map((record) => String(record.value))).toEqual([value, value, value, value]);
    expect(stored[1]).toMatchObject({ key: Buffer.from('k'), headers: [['h', Buffer.from('v')]] });
  });

  it('have a thousand messages of one call in order', async () => {
    const name = await topic();
    const producer = await connected();
    const messages = Array.from({ length: 1000 }, (_, i) => ({ value: `${i}` }));
    expect(await producer.send({ topic: name, messages })).toEqual([result(name, 0, '0')]);
    expect((await read(name)).map(({ value }) => String(value))).toEqual(messages.map(({ value }) => value));
  });

  it('accept acks and a timeout in digits', async () => {
    const name = await topic();
    const producer = await connected();
    const [acks, timeout] = ['1', '1000'] as unknown as number[];
    expect(await producer.send({ topic: name, acks, timeout, messages: [{ value: 'a' }] })).toHaveLength(1);
  });

  it('accept a timeout of the call’s own', async () => {
    const name = await topic();
    const producer = await connected();
    for (const timeout of [1000, 5000]) {
      expect(await producer.send({ topic: name, timeout, messages: [{ value: 'a' }] })).toHaveLength(1);
    }
  });
});
