// What kafkajs takes although its types say otherwise, as programs without types give it.
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ProducerRecord } from '../../src/kafkajs';
import * as millrace from '../../src/kafkajs';
import { describeParity, rejection } from './libraries';

describeParity('values of other types', (parity) => {
  it.each([
    ['acks', '-1'],
    ['timeout', '1000'],
  ])('%s in digits', async (name, digits) => {
    const topic = await parity.topic();
    const producer = await parity.connected();
    const [result] = await producer.send({ topic, messages: [{ value: 'v' }], [name]: digits } as never);
    expect(result).toMatchObject({ topicName: topic, errorCode: 0, baseOffset: '0' });
  });

  // kafkajs itself cannot use the latter.
  it.each([['connectionTimeout', '3000'], ...(parity.isMillrace ? [['requestTimeout', '20000']] : [])])(
    '%s in digits',
    async (name, digits) => {
      const topic = await parity.topic();
      const producer = await parity.connected({}, { [name]: digits as never });
      await producer.send({ topic, messages: [{ value: 'v' }] });
      expect(await parity.read(topic)).toHaveLength(1);
    },
  );

  // kafkajs subtracts a call's first timestamp from the others: one kind a call, there.
  it.each<[string, (ms: number) => unknown]>([
    ['Dates', (ms) => new Date(ms)],
    ['bigints', (ms) => BigInt(ms)],
    ['digits', (ms) => String(ms)],
    ...(parity.isMillrace
      ? [['all of them', (ms: number) => [new Date(ms), BigInt(ms), String(ms)][ms % 3]] as const]
      : []),
  ] as [string, (ms: number) => unknown][])('timestamps as %s', async (_what, as) => {
    const topic = await parity.topic();
    const producer = await parity.connected();
    const times = [1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_002];
    const messages = times.map((ms) => ({ value: 'v', timestamp: as(ms) as never }));
    await producer.send({ topic, messages });
    expect((await parity.read(topic)).map(({ timestamp }) => timestamp)).toEqual(times);
  });

  it('the number 0 as timestamp is none, the digit is 1970', async () => {
    const topic = await parity.topic();
    const producer = await parity.connected();
    const before = Date.now();
    await producer.send({ topic, messages: [{ value: 'v', timestamp: 0 as never }] });
    await producer.send({ topic, messages: [{ value: 'v', timestamp: '0' }] });
    const [none, epoch] = await parity.read(topic);
    expect(none.timestamp).toBeGreaterThanOrEqual(before - 1);
    expect(epoch.timestamp).toBe(0);
  });

  it('a list that is used again at once', async () => {
    const topic = await parity.topic();
    const producer = await parity.connected();
    const messages = [{ value: 'a' }, { value: 'b' }];
    const sent = producer.send({ topic, messages } satisfies ProducerRecord);
    if (parity.isMillrace) messages.length = 0;
    await sent;
    expect((await parity.read(topic)).map(({ value }) => String(value))).toEqual(['a', 'b']);
  });

  it('a message that cannot be sent leaves its transaction as it was', async () => {
    const topic = await parity.topic();
    const producer = await parity.connected({
      transactionalId: `tx-${randomUUID()}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'good' }] });
    await rejection(transaction.send({ topic, messages: [{ value: 5 as never }] }));
    await transaction.send({ topic, messages: [{ value: 'too' }] });
    await transaction.commit();
    await expect.poll(async () => (await parity.read(topic)).length).toBe(2);
  });

  it('every timeout there is, without a client for each', async () => {
    const topic = await parity.topic();
    const producer = await parity.connected();
    for (let timeout = 1_000; timeout < 1_100; timeout++) {
      await producer.send({ topic, messages: [{ value: 'v' }], timeout });
    }
    expect(await parity.read(topic)).toHaveLength(100);
  });
});

it('the default export is all of it', () => {
  const { default: whole, ...names } = millrace;
  expect({ ...whole }).toEqual(names);
});
