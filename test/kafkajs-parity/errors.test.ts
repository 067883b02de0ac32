// How calls fail, and that the producer is of use afterwards.
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Message, ProducerBatch, ProducerRecord } from '../../src/kafkajs';
import { describeParity, rejection } from './libraries';

const TOO_LARGE = Buffer.alloc(2_000_000);

describeParity('errors', ({ library, topic, producer, connected, read }) => {
  it('a topic that nobody creates', async () => {
    const sender = await connected({ allowAutoTopicCreation: false });
    const error = await rejection(sender.send({ topic: `no-${randomUUID()}`, messages: [{ value: 'a' }] }));
    expect(error).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      retriable: false,
      cause: { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3, retriable: true },
    });
    expect(error).toBeInstanceOf(library.KafkaJSNumberOfRetriesExceeded);
    expect(error).toBeInstanceOf(library.KafkaJSNonRetriableError);
    expect(error).toBeInstanceOf(library.KafkaJSError);
    expect(error.cause).toBeInstanceOf(library.KafkaJSProtocolError);
  });

  it('a topic that nobody creates does not hold others up for good', async () => {
    const name = await topic();
    const sender = await connected({ allowAutoTopicCreation: false });
    const unknown = rejection(sender.send({ topic: `no-${randomUUID()}`, messages: [{ value: 'a' }] }));
    await sender.send({ topic: name, messages: [{ value: 'b' }] });
    await unknown;
    await sender.send({ topic: name, messages: [{ value: 'c' }] });
    expect(await read(name)).toHaveLength(2);
  });

  it.each([
    ['with a blank', 'no topic'],
    ['of 250 characters', 'x'.repeat(250)],
    ['of one dot', '.'],
    ['with a slash', 'a/b'],
  ])('a topic name %s', async (_, name) => {
    const sender = await connected();
    const error = await rejection(sender.send({ topic: name, messages: [{ value: 'a' }] }));
    expect(error).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      retriable: false,
      cause: { name: 'KafkaJSProtocolError', type: 'INVALID_TOPIC_EXCEPTION', code: 17, retriable: false },
    });
    expect(error).toBeInstanceOf(library.KafkaJSNonRetriableError);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['empty', ''],
  ])('a topic that is %s', async (_, name) => {
    const sender = await connected();
    const error = await rejection(sender.send({ topic: name as string, messages: [{ value: 'a' }] }));
    expect(error).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'Invalid topic',
      retriable: false,
    });
  });

  it.each([undefined, null])('messages that are %s', async (messages) => {
    const sender = await connected();
    const error = await rejection(sender.send({ topic: 'orders', messages } as unknown as ProducerRecord));
    expect(error).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: `Invalid messages array [${messages}] for topic "orders"`,
    });
  });

  it('one bad topic in a batch, of which nothing is sent', async () => {
    const name = await topic();
    const sender = await connected();
    const topicMessages = [
      { topic: name, messages: [{ value: 'a' }] },
      { topic: '', messages: [{ value: 'b' }] },
    ];
    expect(await rejection(sender.sendBatch({ topicMessages }))).toMatchObject({ message: 'Invalid topic' });
    expect(await read(name)).toEqual([]);
  });

  it('messages that are no list', async () => {
    const sender = await connected();
    const call = sender.send({ topic: 'orders', messages: {} } as unknown as ProducerRecord);
    expect(await rejection(call)).toBeInstanceOf(TypeError);
  });

  it.each(['send', 'sendBatch'] as const)('%s of nothing at all', async (method) => {
    const sender = await connected();
    expect(await rejection(sender[method](undefined as never))).toBeInstanceOf(TypeError);
  });

  it('a message too large for the broker, and the producer goes on', async () => {
    const name = await topic();
    const sender = await connected();
    const error = await rejection(sender.send({ topic: name, messages: [{ value: TOO_LARGE }] }));
    expect(error).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'MESSAGE_TOO_LARGE',
      code: 10,
      retriable: false,
    });
    expect(error).toBeInstanceOf(library.KafkaJSProtocolError);
    await sender.send({ topic: name, messages: [{ value: 'after' }] });
    expect((await read(name)).map(({ value }) => String(value))).toEqual(['after']);
  });

  it('a message too large among good ones of the same send and partition: none is stored', async () => {
    const name = await topic();
    const sender = await connected();
    const messages: Message[] = [{ value: 'a' }, { value: TOO_LARGE }, { value: 'b' }];
    expect(await rejection(sender.send({ topic: name, messages }))).toMatchObject({
      type: 'MESSAGE_TOO_LARGE',
    });
    const stored = (await read(name)).map(({ value }) => String(value));
    // Millrace's batches end where a large message begins, so that its neighbours may be stored.
    expect(['', 'a', 'b', 'a,b']).toContain(stored.join());
    await sender.send({ topic: name, messages: [{ value: 'after' }] });
    expect((await read(name)).at(-1)?.value).toEqual(Buffer.from('after'));
  });

  it('a message too large among concurrent sends: only its own send fails', async () => {
    const name = await topic();
    const sender = await connected();
    const sends = Array.from({ length: 20 }, (_, i) =>
      sender.send({ topic: name, messages: [{ value: i === 7 ? TOO_LARGE : `${i}` }] }),
    );
    const outcomes = (await Promise.allSettled(sends)).map(({ status }) => status);
    expect(outcomes).toEqual(sends.map((_, i) => (i === 7 ? 'rejected' : 'fulfilled')));
    const stored = (await read(name)).map(({ value }) => Number(value));
    expect(stored.sort((a, b) => a - b)).toEqual(sends.flatMap((_, i) => (i === 7 ? [] : [i])));
  });

  it('a bad message among concurrent sends: only its own send fails', async () => {
    const name = await topic({ configs: { 'cleanup.policy': 'compact' } });
    const sender = await connected();
    // A compacted topic takes no message without key.
    const sends = Array.from({ length: 20 }, (_, i) =>
      sender.send({ topic: name, messages: [{ key: i === 11 ? null : `${i}`, value: `${i}` }] }),
    );
    const outcomes = await Promise.allSettled(sends);
    expect(outcomes.map(({ status }) => status)).toEqual(
      sends.map((_, i) => (i === 11 ? 'rejected' : 'fulfilled')),
    );
    expect((outcomes[11] as PromiseRejectedResult).reason).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'INVALID_RECORD',
      code: 87,
      retriable: false,
    });
    const stored = (await read(name)).map(({ value }) => Number(value));
    expect(stored.sort((a, b) => a - b)).toEqual(sends.flatMap((_, i) => (i === 11 ? [] : [i])));
  });

  it('a timestamp that the topic does not take', async () => {
    const name = await topic({ configs: { 'message.timestamp.after.max.ms': '1000' } });
    const sender = await connected();
    const timestamp = `${Date.now() + 86_400_000}`;
    expect(
      await rejection(sender.send({ topic: name, messages: [{ value: 'a', timestamp }] })),
    ).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'INVALID_TIMESTAMP',
      code: 32,
    });
    await sender.send({ topic: name, messages: [{ value: 'b' }] });
    expect(await read(name)).toHaveLength(1);
  });

  it.each([2, -2, 100])('acks %i', async (acks) => {
    const name = await topic();
    const sender = await connected();
    const error = await rejection(sender.send({ topic: name, acks, messages: [{ value: 'a' }] }));
    expect(error).toMatchObject({ name: 'KafkaJSProtocolError', type: 'INVALID_REQUIRED_ACKS', code: 21 });
  });

  it.each([0, 1])('acks %i of an idempotent producer', async (acks) => {
    const name = await topic();
    const sender = await connected({ idempotent: true });
    expect(await rejection(sender.send({ topic: name, acks, messages: [{ value: 'a' }] }))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: "Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees",
    });
  });

  it('an idempotent producer that must not try again', () => {
    expect(() => producer({ idempotent: true, retry: { retries: 0 } })).toThrow(
      'Idempotent producer must allow retries to protect against transient errors',
    );
  });

  it.each([
    ['send', { topic: 'orders', messages: [{ value: 'a' }] }],
    ['sendBatch', { topicMessages: [{ topic: 'orders', messages: [{ value: 'a' }] }] }],
  ] as [string, ProducerRecord & ProducerBatch][])('%s before connect', async (method, call) => {
    const sender = producer();
    const error = await rejection(sender[method as 'send'](call));
    expect(error).toMatchObject({
      name: 'KafkaJSError',
      message: 'The producer is disconnected',
      retriable: true,
    });
    expect(error).toBeInstanceOf(library.KafkaJSError);
    expect(error).not.toBeInstanceOf(library.KafkaJSNonRetriableError);
  });

  it('a bad call before connect is told what is bad about it', async () => {
    const sender = producer();
    expect(await rejection(sender.send({ topic: '', messages: [] }))).toMatchObject({
      message: 'Invalid topic',
    });
  });
});
