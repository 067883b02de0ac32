// Connecting, disconnecting, and all over again.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { KafkaConfig, ProducerConfig } from '../../src/kafkajs';
import { TcpProxy } from '../broker/tcp-proxy';
import { describeParity, rejection } from './libraries';

type PartitionerChoice = Pick<ProducerConfig, 'createPartitioner'>;

/** Nobody listens there. */
const DEAD = { brokers: ['127.0.0.1:1'], retry: { retries: 2, initialRetryTime: 50 } };

describeParity('lifecycle', ({ library, isMillrace, topic, producer, connected, kafka, read, brokers }) => {
  it('connects twice', async () => {
    const name = await topic();
    const sender = await connected();
    await sender.connect();
    await Promise.all([sender.connect(), sender.connect()]);
    expect(await sender.send({ topic: name, messages: [{ value: 'a' }] })).toHaveLength(1);
  });

  it('connects again after disconnecting', async () => {
    const name = await topic();
    const sender = await connected();
    // kafkajs's own producer is not idempotent by default: on a busy machine it may store a record twice.
    let last = -1;
    for (const value of ['first', 'second', 'third']) {
      const [{ baseOffset }] = await sender.send({ topic: name, messages: [{ value }] });
      expect(Number(baseOffset)).toBeGreaterThan(last);
      last = Number(baseOffset);
      await sender.disconnect();
      expect(await rejection(sender.send({ topic: name, messages: [{ value: 'b' }] }))).toMatchObject({
        name: 'KafkaJSError',
        message: 'The producer is disconnected',
      });
      await sender.connect();
    }
    const stored = new Set((await read(name)).map(({ value }) => String(value)));
    expect([...stored]).toEqual(['first', 'second', 'third']);
  });

  it('disconnects without having connected, and twice', async () => {
    const sender = producer();
    await sender.disconnect();
    await sender.disconnect();
    await sender.connect();
    await sender.disconnect();
    await sender.disconnect();
  });

  // kafkajs stores all of it, too, but may settle nothing.
  if (isMillrace) {
    it('is disconnected when any of several calls to do so has returned: all is delivered', async () => {
      const name = await topic();
      const sender = await connected();
      await sender.send({ topic: name, messages: [{ value: 'first' }] });
      let settled = 0;
      const sends = Array.from({ length: 20 }, () =>
        sender
          .send({ topic: name, messages: Array.from({ length: 200 }, () => ({ value: 'v' })) })
          .finally(() => settled++),
      );
      void sender.disconnect();
      await sender.disconnect();
      expect(settled).toBe(20);
      await Promise.all(sends);
      expect(await read(name)).toHaveLength(4001);
    });
  }

  it('is connected again by the last of connect, disconnect, connect', async () => {
    const name = await topic();
    const sender = producer();
    const first = sender.connect();
    const between = Promise.all([sender.disconnect(), sender.disconnect()]);
    await sender.connect();
    await Promise.all([first, between]);
    expect(await sender.send({ topic: name, messages: [{ value: 'a' }] })).toHaveLength(1);
  });

  it.each<[string, PartitionerChoice]>([
    ['', {}],
    [', by a partitioner of the program’s own', { createPartitioner: () => () => 0 }],
  ])('delivers what was sent before it disconnects%s', async (_, choice) => {
    const name = await topic();
    const sender = await connected(choice);
    await sender.send({ topic: name, messages: [{ value: 'first' }] });
    const sends = Array.from({ length: 50 }, (_, i) =>
      sender.send({ topic: name, messages: [{ value: `${i}` }] }),
    );
    await Promise.allSettled([...sends, sleep(0).then(() => sender.disconnect())]);
    const fulfilled = (await Promise.allSettled(sends)).filter(({ status }) => status === 'fulfilled');
    expect(fulfilled).toHaveLength(50);
    expect(await read(name)).toHaveLength(51);
  });

  it('delivers what it was still choosing partitions for when it disconnects', async () => {
    const name = await topic();
    const sender = await connected({ createPartitioner: () => () => 0 });
    const sent = sender.send({ topic: name, messages: [{ value: 'first' }] });
    await sender.disconnect();
    expect(await sent).toHaveLength(1);
    expect(await read(name)).toHaveLength(1);
  });

  it('takes nothing more as soon as it disconnects', async () => {
    const name = await topic();
    const sender = await connected();
    const disconnected = sender.disconnect();
    expect(await rejection(sender.send({ topic: name, messages: [{ value: 'late' }] }))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: "The producer is disconnecting; therefore, it can't safely accept messages anymore",
    });
    await disconnected;
    expect(await read(name)).toEqual([]);
  });

  it('has its methods work without the producer', async () => {
    const name = await topic();
    const { connect, send, sendBatch, disconnect, isIdempotent, logger } = producer();
    await connect();
    await send({ topic: name, messages: [{ value: 'a' }] });
    await sendBatch({ topicMessages: [{ topic: name, messages: [{ value: 'b' }] }] });
    expect(isIdempotent()).toBe(false);
    expect(logger()).toHaveProperty('info');
    await disconnect();
    expect(await read(name)).toHaveLength(2);
  });

  it('fails to connect to a broker that is not there, within its retries', async () => {
    const sender = producer({}, DEAD);
    const started = performance.now();
    const error = await rejection(sender.connect());
    // Hosts that refuse do so at once: none of the three attempts takes its connectionTimeout of 5 s.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(error).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      retriable: false,
      retryCount: 2,
      cause: {
        name: 'KafkaJSConnectionError',
        retriable: true,
        broker: DEAD.brokers[0],
        code: 'ECONNREFUSED',
      },
    });
    expect(error.cause).toBeInstanceOf(library.KafkaJSConnectionError);
    expect(await rejection(sender.send({ topic: 'orders', messages: [{ value: 'a' }] }))).toMatchObject({
      message: 'The producer is disconnected',
    });
  });

  it('may connect after it has failed to', async () => {
    const name = await topic();
    let list = DEAD.brokers;
    const sender = producer({}, { ...DEAD, brokers: () => list });
    await rejection(sender.connect());
    list = brokers();
    await sender.connect();
    expect(await sender.send({ topic: name, messages: [{ value: 'a' }] })).toHaveLength(1);
  });

  it.each([
    ['a list', (list: string[]) => list],
    ['a function', (list: string[]) => () => list],
    ['an async function', (list: string[]) => async () => list],
    ['a list whose first broker is down', (list: string[]) => ['127.0.0.1:1', ...list]],
  ])('takes brokers as %s', async (_, as) => {
    const sender = await connected({}, { brokers: as(brokers()) });
    expect(await sender.send({ topic: await topic(), messages: [{ value: 'a' }] })).toHaveLength(1);
  });

  it('waits for a slow broker beside one that is down', async () => {
    const proxy = await TcpProxy.start(Number(brokers()[0].split(':')[1]));
    onTestFinished(() => proxy.close());
    // Longer than the retries last, by the time that it has answered twice.
    proxy.delayBy(400);
    const sender = producer({}, { ...DEAD, brokers: [...DEAD.brokers, `127.0.0.1:${proxy.port}`] });
    await sender.connect();
    expect(await sender.send({ topic: await topic(), messages: [{ value: 'a' }] })).toHaveLength(1);
  });

  it.each([
    ['missing', undefined, 'Failed to connect: brokers should not be null'],
    ['empty', [], 'Failed to connect: brokers array is empty'],
    ['with a hole', ['', 'b:1'], 'Failed to connect: broker at index 0 is invalid "string"'],
    ['of numbers', [9092], 'Failed to connect: broker at index 0 is invalid "number"'],
    ['a function that gives none', () => [], 'Failed to connect: brokers array is empty'],
  ])('refuses brokers that are %s when it connects', async (_, list, message) => {
    const sender = producer({}, { brokers: list as unknown as KafkaConfig['brokers'] });
    expect(await rejection(sender.connect())).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message,
      retriable: false,
    });
  });

  it('tells what a function of brokers threw', async () => {
    const failing = () => {
      throw new Error('no discovery');
    };
    expect(await rejection(producer({}, { brokers: failing }).connect())).toMatchObject({
      name: 'KafkaJSConnectionError',
      message: 'Failed to connect: "config.brokers" threw: no discovery',
    });
  });

  it('logs through the creator it is given, by level and namespace', async () => {
    const entries: { level: number; label: string; namespace: string; message: string; extra: unknown }[] =
      [];
    const logCreator = vi.fn(() => ({ level, label, namespace, log }: never) => {
      const { message, extra } = log as { message: string; extra: unknown };
      entries.push({ level, label, namespace, message, extra });
    });
    const client = kafka({ logLevel: library.logLevel.WARN, logCreator: logCreator as never });
    expect(logCreator).toHaveBeenCalledWith(library.logLevel.WARN);
    const logger = client.producer().logger();
    logger.info('not this');
    logger.warn('a warning', { extra: 1 });
    client.logger().error('an error');
    client.logger().namespace('Mine').warn('mine');
    client.logger().namespace('Loud', library.logLevel.DEBUG).debug('loud');
    client.logger().setLogLevel(library.logLevel.INFO);
    logger.info('now this');
    expect(entries).toEqual([
      { level: 2, label: 'WARN', namespace: 'Producer', message: 'a warning', extra: 1 },
      { level: 1, label: 'ERROR', namespace: undefined, message: 'an error', extra: undefined },
      { level: 2, label: 'WARN', namespace: 'Mine', message: 'mine', extra: undefined },
      { level: 5, label: 'DEBUG', namespace: 'Loud', message: 'loud', extra: undefined },
      { level: 4, label: 'INFO', namespace: 'Producer', message: 'now this', extra: undefined },
    ]);
  });

  it('logs of consumers and admin clients at the level that was chosen since', () => {
    const messages: string[] = [];
    const logCreator = () => (entry: { namespace: string }) => void messages.push(entry.namespace);
    const client = kafka({ logLevel: library.logLevel.INFO, logCreator: logCreator as never });
    client.consumer({ groupId: 'before' }).logger().debug('not this');
    client.logger().setLogLevel(library.logLevel.DEBUG);
    client.consumer({ groupId: 'after' }).logger().debug('this');
    client.admin().logger().debug('this');
    client.producer().logger().debug('this');
    expect(messages).toEqual(['Consumer', 'Admin', 'Producer']);
  });

  it('logs lines of JSON to the console by itself', () => {
    const lines: string[] = [];
    const spy = vi.spyOn(console, 'warn').mockImplementation((line) => void lines.push(line));
    kafka({ logLevel: library.logLevel.WARN }).producer().logger().warn('careful', { topic: 't' });
    spy.mockRestore();
    expect(JSON.parse(lines[0])).toMatchObject({
      level: 'WARN',
      message: '[Producer] careful',
      topic: 't',
      logger: 'kafkajs',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });
});
