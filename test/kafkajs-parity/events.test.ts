// Instrumentation events: their names, their payloads, and listeners that fail.
import { expect, it, vi } from 'vitest';
import type { InstrumentationEvent, RequestEvent } from '../../src/kafkajs';
import { describeParity } from './libraries';

describeParity('events', ({ library, brokers, topic, producer, kafka }) => {
  it('have kafkajs’s names', () => {
    expect(producer().events).toEqual({
      CONNECT: 'producer.connect',
      DISCONNECT: 'producer.disconnect',
      REQUEST: 'producer.network.request',
      REQUEST_TIMEOUT: 'producer.network.request_timeout',
      REQUEST_QUEUE_SIZE: 'producer.network.request_queue_size',
    });
  });

  it('tell of connects and disconnects, each time', async () => {
    const sender = producer();
    const heard: InstrumentationEvent<unknown>[] = [];
    sender.on(sender.events.CONNECT, (event) => heard.push(event));
    sender.on(sender.events.DISCONNECT, (event) => heard.push(event));
    const before = Date.now();
    await sender.connect();
    await sender.connect();
    await sender.disconnect();
    expect(heard.map(({ type }) => type)).toEqual([
      'producer.connect',
      'producer.connect',
      'producer.disconnect',
    ]);
    for (const { id, timestamp, payload } of heard) {
      expect(id).toEqual(expect.any(Number));
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(payload).toBeUndefined();
    }
    expect(new Set(heard.map(({ id }) => id)).size).toBe(3);
  });

  it('are not told to a listener that was taken away', async () => {
    const sender = producer();
    const [gone, stays] = [vi.fn(), vi.fn()];
    const remove = sender.on(sender.events.CONNECT, gone);
    sender.on(sender.events.CONNECT, stays);
    remove();
    await sender.connect();
    expect(gone).not.toHaveBeenCalled();
    expect(stays).toHaveBeenCalledOnce();
  });

  it('of other names are refused', () => {
    const sender = producer();
    expect(() => sender.on('producer.nothing' as never, () => {})).toThrow(library.KafkaJSNonRetriableError);
    expect(() => sender.on('consumer.connect' as never, () => {})).toThrow(
      'Event name should be one of producer.events.CONNECT, producer.events.DISCONNECT, producer.events.REQUEST, ' +
        'producer.events.REQUEST_TIMEOUT, producer.events.REQUEST_QUEUE_SIZE',
    );
  });

  it('do no harm with a listener that fails later', async () => {
    const lines: string[] = [];
    const logCreator =
      () =>
      ({ log }: { log: { message: string } }) =>
        void lines.push(log.message);
    const client = kafka({ logLevel: library.logLevel.ERROR, logCreator: logCreator as never });
    const sender = client.producer();
    sender.on(sender.events.CONNECT, async () => {
      throw new Error('of the listener');
    });
    await sender.connect();
    await sender.disconnect();
    expect(lines).toContain('Failed to execute listener: of the listener');
  });

  it.each(['before', 'after'])('tell of requests, listened to %s connecting', async (when) => {
    const name = await topic();
    const sender = producer({}, { clientId: 'the-client' });
    if (when === 'after') await sender.connect();
    const requests: RequestEvent[] = [];
    sender.on(sender.events.REQUEST, (event) => requests.push(event));
    await sender.connect();
    const before = Date.now();
    await sender.send({ topic: name, messages: [{ value: 'a' }] });
    const isProduce = ({ payload }: RequestEvent) => payload.apiName === 'Produce';
    await expect.poll(() => requests.some(isProduce)).toBe(true);
    const { type, payload } = requests.find(isProduce) as RequestEvent;
    expect(type).toBe('producer.network.request');
    expect(Object.keys(payload).sort()).toEqual([
      'apiKey',
      'apiName',
      'apiVersion',
      'broker',
      'clientId',
      'correlationId',
      'createdAt',
      'duration',
      'pendingDuration',
      'sentAt',
      'size',
    ]);
    expect(payload).toMatchObject({ apiKey: 0, clientId: 'the-client', pendingDuration: expect.any(Number) });
    expect(brokers()).toContain(payload.broker);
    expect(payload.size).toBeGreaterThan(20);
    expect(payload.duration).toBeGreaterThanOrEqual(0);
    expect(payload.duration).toBeLessThan(30_000);
    expect(payload.sentAt).toBeGreaterThanOrEqual(before - 1);
    expect(payload.sentAt).toBeLessThanOrEqual(Date.now());
    expect(payload.createdAt).toBeLessThanOrEqual(payload.sentAt);
  });
});
