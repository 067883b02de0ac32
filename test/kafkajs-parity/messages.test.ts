// What a message may be, and what the broker stores of it.
import { expect, it } from 'vitest';
import type { Message } from '../../src/kafkajs';
import { describeParity, rejection } from './libraries';

const KEYS: [string, Message['key'], Buffer | null][] = [
  ['text', 'key', Buffer.from('key')],
  ['bytes', Buffer.from([1, 2, 255]), Buffer.from([1, 2, 255])],
  ['text with NUL', 'a\0b', Buffer.from('a\0b')],
  ['bytes with NUL', Buffer.from([0, 0]), Buffer.from([0, 0])],
  ['text beyond ASCII', 'ключ🔑', Buffer.from('ключ🔑')],
  ['empty text', '', Buffer.alloc(0)],
  ['empty bytes', Buffer.alloc(0), Buffer.alloc(0)],
  ['null', null, null],
  ['nothing', undefined, null],
];
const VALUES: [string, Message['value'], Buffer | null][] = [
  ['text', 'value', Buffer.from('value')],
  ['bytes', Buffer.from([0, 255, 1]), Buffer.from([0, 255, 1])],
  ['text beyond ASCII', 'grüße 🎉', Buffer.from('grüße 🎉')],
  ['empty text', '', Buffer.alloc(0)],
  ['empty bytes', Buffer.alloc(0), Buffer.alloc(0)],
  ['a tombstone', null, null],
  ['long text', 'x'.repeat(100_000), Buffer.from('x'.repeat(100_000))],
];
const HEADERS: [string, Message['headers'], [string, Buffer][]][] = [
  ['text', { a: 'b' }, [['a', Buffer.from('b')]]],
  ['bytes', { a: Buffer.from([7]) }, [['a', Buffer.from([7])]]],
  ['empty text', { a: '' }, [['a', Buffer.alloc(0)]]],
  [
    'a list',
    { a: ['1', Buffer.from('2')] },
    [
      ['a', Buffer.from('1')],
      ['a', Buffer.from('2')],
    ],
  ],
  ['an empty list', { a: [] }, []],
  ['an empty object', {}, []],
  ['nothing', undefined, []],
  [
    'several names',
    { b: '1', a: '2' },
    [
      ['b', Buffer.from('1')],
      ['a', Buffer.from('2')],
    ],
  ],
];

describeParity('messages', ({ topic, connected, read }) => {
  it('keep every kind of key', async () => {
    const name = await topic();
    const producer = await connected();
    await producer.send({ topic: name, messages: KEYS.map(([, key]) => ({ key, value: 'v' })) });
    const stored = await read(name);
    expect(stored.map(({ key }, i) => [KEYS[i][0], key])).toEqual(
      KEYS.map(([what, , bytes]) => [what, bytes]),
    );
  });

  it('keep every kind of value', async () => {
    const name = await topic();
    const producer = await connected();
    await producer.send({ topic: name, messages: VALUES.map(([, value]) => ({ value })) });
    const stored = await read(name);
    expect(stored.map(({ value }) => value)).toEqual(VALUES.map(([, , bytes]) => bytes));
  });

  it.each(HEADERS)('keep headers: %s', async (_, headers, expected) => {
    const name = await topic();
    const producer = await connected();
    await producer.send({ topic: name, messages: [{ value: 'v', headers }] });
    expect((await read(name))[0].headers).toEqual(expected);
  });

  it('keep timestamps in digits and as numbers', async () => {
    const name = await topic();
    const producer = await connected();
    const timestamp = 1_600_000_000_123;
    await producer.send({
      topic: name,
      messages: [
        { value: 'a', timestamp: `${timestamp}` },
        { value: 'b', timestamp: (timestamp + 1) as unknown as string },
        { value: 'c', timestamp: `${timestamp + 2}`, headers: { h: 'v' } },
      ],
    });
    expect((await read(name)).map((record) => record.timestamp)).toEqual([
      timestamp,
      timestamp + 1,
      timestamp + 2,
    ]);
  });

  it('get the time of sending without a timestamp', async () => {
    const name = await topic();
    const producer = await connected();
    const before = Date.now();
    await producer.send({ topic: name, messages: [{ value: 'a' }, { value: 'b', timestamp: undefined }] });
    for (const { timestamp } of await read(name)) {
      expect(timestamp).toBeGreaterThanOrEqual(before - 1);
      expect(timestamp).toBeLessThanOrEqual(Date.now() + 1);
    }
  });

  it('go to the partition they name', async () => {
    const name = await topic({ partitions: 3 });
    const producer = await connected();
    const messages = [2, 0, 1].map((partition) => ({ partition, key: 'same', value: `to ${partition}` }));
    await producer.send({ topic: name, messages });
    expect((await read(name)).map(({ partition, value }) => [partition, String(value)])).toEqual([
      [0, 'to 0'],
      [1, 'to 1'],
      [2, 'to 2'],
    ]);
  });

  it('may name their partition in digits', async () => {
    const name = await topic({ partitions: 2 });
    const producer = await connected();
    const partition = '1' as unknown as number;
    await producer.send({ topic: name, messages: [{ value: 'a', partition }] });
    expect((await read(name))[0].partition).toBe(1);
  });

  it('are not changed', async () => {
    const name = await topic();
    const producer = await connected();
    const message = Object.freeze({
      key: 'k',
      value: 'v',
      headers: Object.freeze({ h: 'x' }),
      timestamp: '1000',
    });
    const plain = Object.freeze({ value: 'v' });
    const messages = Object.freeze([message, plain]) as unknown as Message[];
    await producer.send({ topic: name, messages });
    await producer.sendBatch(
      Object.freeze({ topicMessages: Object.freeze([Object.freeze({ topic: name, messages })]) }) as never,
    );
    expect(await read(name)).toHaveLength(4);
    expect(message).toEqual({ key: 'k', value: 'v', headers: { h: 'x' }, timestamp: '1000' });
  });

  it('may have fields of their owner’s, such as a topic', async () => {
    const name = await topic();
    const producer = await connected();
    const message = { topic: 'another', offset: '5', value: 'v' };
    expect(await producer.send({ topic: name, messages: [message, message] })).toMatchObject([
      { topicName: name },
    ]);
    expect(await producer.send({ topic: name, messages: [message] })).toMatchObject([{ topicName: name }]);
    expect(await read(name)).toHaveLength(3);
  });

  it('may be the same object many times over', async () => {
    const name = await topic();
    const producer = await connected();
    const message = { key: 'k', value: 'v' };
    await producer.send({ topic: name, messages: [message, message, message] });
    expect(await read(name)).toHaveLength(3);
  });

  it('must have a value', async () => {
    const name = await topic();
    const producer = await connected();
    const messages = [{ value: 'good' }, { key: 'k' } as unknown as Message];
    expect(await rejection(producer.send({ topic: name, messages }))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: `Invalid message without value for topic "${name}": {"key":"k"}`,
      retriable: false,
    });
    expect(await read(name)).toEqual([]);
  });

  it.each([
    ['a number as value', { value: 5 }],
    ['an object as value', { value: { a: 1 } }],
    ['true as value', { value: true }],
    ['a number as key', { key: 5, value: 'v' }],
    ['a number as header', { value: 'v', headers: { h: 5 } }],
    ['null instead of a message', null],
    ['words as timestamp', { value: 'v', timestamp: 'yesterday' }],
    ['nothing as timestamp', { value: 'v', timestamp: '' }],
  ])('are refused with %s, and the producer goes on', async (_, message) => {
    const name = await topic();
    const producer = await connected();
    await rejection(producer.send({ topic: name, messages: [message as unknown as Message] }));
    await producer.send({ topic: name, messages: [{ value: 'good' }] });
    expect((await read(name)).map(({ value }) => String(value))).toEqual(['good']);
  });
});
