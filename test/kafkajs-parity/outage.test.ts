// Brokers that let nobody in, for longer and for less long than the retries last; brokers that do not answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as millrace from '../../src/kafkajs';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { describeLibraries, type Library, rejection } from './libraries';

/** Three attempts with 150 ms of pauses: far less than the 30 s a request may take. */
const SHORT = { retries: 2, initialRetryTime: 50 };
/** More than 9 s of pauses. */
const LONG = { retries: 5, initialRetryTime: 300 };

async function open(
  library: Library,
  config: Partial<millrace.KafkaConfig>,
  brokers = 1,
  choices: millrace.ProducerConfig = {},
) {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  const cluster = await EmbeddedCluster.start({
    brokers,
    topics: [
      { topic: 'orders', partitions: 1 },
      { topic: 'second', partitions: 1 },
    ],
  });
  onTestFinished(() => cluster.close());
  cluster.setLeader('orders', 0, 1);
  const kafka = new library.Kafka({
    brokers: cluster.bootstrapServers.split(','),
    logLevel: library.logLevel.NOTHING,
    ...config,
  });
  const producer = kafka.producer(choices);
  onTestFinished(() => producer.disconnect());
  await producer.connect();
  const send = (value: string) => producer.send({ topic: 'orders', messages: [{ value }] });
  await send('before');
  const stored = async () =>
    (await readBack(cluster.bootstrapServers, 'orders')).map(({ value }) => String(value));
  return { cluster, producer, send, stored };
}

describeLibraries('an outage', (library, isMillrace) => {
  it('that outlasts the retries fails what is sent, and the producer goes on afterwards', async () => {
    const { cluster, send, stored } = await open(library, { retry: SHORT });
    cluster.brokerDown(1);
    const started = performance.now();
    const error = await rejection(send('lost'));
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(error).toMatchObject({
      retriable: false,
      cause: { name: 'KafkaJSConnectionError', code: 'ECONNREFUSED', retriable: true },
    });
    expect(error).toBeInstanceOf(library.KafkaJSNonRetriableError);
    expect(error.cause).toBeInstanceOf(library.KafkaJSConnectionError);
    expect(await rejection(send('lost as well'))).toBeInstanceOf(library.KafkaJSNonRetriableError);
    cluster.brokerUp(1);
    await send('after');
    expect(await stored()).toEqual(['before', 'after']);
  });

  it('that the retries outlast loses nothing', async () => {
    const { cluster, send, stored } = await open(library, { retry: LONG });
    cluster.brokerDown(1);
    const early = [send('1'), send('2')];
    await sleep(300);
    const late = [send('3'), send('4')];
    await sleep(300);
    cluster.brokerUp(1);
    await Promise.all([...early, ...late]);
    const values = (await stored()).slice(1);
    // kafkajs promises no order of calls at once.
    expect(isMillrace ? values : values.sort()).toEqual(['1', '2', '3', '4']);
  });
});

// Partitions known so far are asked for again after a call that failed, and when they are old.
describeLibraries('an outage, of a producer with a partitioner of its own,', (library) => {
  const { LegacyPartitioner } = library.Partitioners;

  it('that the retries outlast loses nothing, after a call that failed', async () => {
    const { cluster, send, stored } = await open(library, { retry: LONG }, 1, {
      createPartitioner: LegacyPartitioner,
    });
    await rejection(send(5 as unknown as string));
    cluster.brokerDown(1);
    await sleep(100);
    const sends = [];
    for (const value of ['1', '2', '3']) {
      sends.push(send(value));
      await sleep(300);
    }
    cluster.brokerUp(1);
    await Promise.all(sends);
    expect(new Set(await stored())).toEqual(new Set(['before', '1', '2', '3']));
  });

  it('that outlasts one call leaves another topic’s, made in the middle of it, its own time', async () => {
    const { cluster, send, producer } = await open(library, { retry: SHORT, connectionTimeout: 10_000 }, 1, {
      createPartitioner: LegacyPartitioner,
    });
    cluster.brokerDown(1);
    const lost = rejection(send('lost'));
    await sleep(300);
    const other = producer.send({ topic: 'second', messages: [{ value: 'v' }] });
    other.catch(() => {});
    await lost;
    cluster.brokerUp(1);
    // kafkajs's own gives its calls less time where a connection is refused.
    await (library === millrace ? other : other.catch(() => {}));
    await producer.send({ topic: 'second', messages: [{ value: 'w' }] });
  });
});

describeLibraries('a broker that does not answer', (library) => {
  it('fails what it was sent, and each request is told of', async () => {
    const { cluster, producer, send } = await open(library, {
      requestTimeout: 500,
      clientId: 'the-client',
      retry: { retries: 1, initialRetryTime: 50 },
    });
    const timeouts: millrace.RequestTimeoutEvent[] = [];
    producer.on(producer.events.REQUEST_TIMEOUT, (event) => timeouts.push(event));
    cluster.setRoundTripTime(1, 5000);
    const error = await rejection(send('late'));
    expect(error).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      retriable: false,
      retryCount: 1,
      cause: { name: 'KafkaJSRequestTimeoutError', retriable: true },
    });
    expect(error.cause).toBeInstanceOf(library.KafkaJSRequestTimeoutError);
    const { type, payload } = timeouts.find(
      ({ payload }) => payload.apiName === 'Produce',
    ) as millrace.RequestTimeoutEvent;
    expect(type).toBe('producer.network.request_timeout');
    expect(payload).toEqual({
      apiKey: 0,
      apiName: 'Produce',
      apiVersion: expect.any(Number),
      broker: cluster.bootstrapServers,
      clientId: 'the-client',
      correlationId: expect.any(Number),
      createdAt: expect.any(Number),
      pendingDuration: expect.any(Number),
      sentAt: expect.any(Number),
    });
    expect(payload.sentAt).toBeLessThanOrEqual(Date.now());
  });
});

describe('an outage', () => {
  it('that the retries outlast loses nothing of a transaction', async () => {
    const { cluster, producer } = await open(millrace, { retry: LONG }, 1, {
      metadataMaxAge: 100,
      transactionalId: 'outage',
      maxInFlightRequests: 1,
      idempotent: true,
    });
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'orders', messages: [{ value: '1' }] });
    await sleep(300);
    cluster.brokerDown(1);
    await sleep(100);
    const sent = transaction.send({ topic: 'orders', messages: [{ value: '2' }] });
    await sleep(600);
    cluster.brokerUp(1);
    expect(await sent).toHaveLength(1);
    await transaction.commit();
  });

  it('leaves calls made in the middle of it their own time', async () => {
    const { cluster, send, stored } = await open(millrace, { retry: SHORT, connectionTimeout: 10_000 });
    cluster.brokerDown(1);
    const first = rejection(send('lost'));
    await sleep(700);
    const second = [send('2'), send('3')];
    expect(await first).toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded' });
    cluster.brokerUp(1);
    await Promise.all([...second, send('4')]);
    expect(await stored()).toEqual(['before', '2', '3', '4']);
  });

  it('of one broker among others is waited out: another may become the leader', async () => {
    const { cluster, send } = await open(millrace, { retry: SHORT }, 2);
    cluster.brokerDown(1);
    const sent = send('kept');
    // Longer than the retries would last.
    await sleep(2500);
    cluster.setLeader('orders', 0, 2);
    expect(await sent).toMatchObject([{ topicName: 'orders', partition: 0 }]);
  });

  it('ends before its producer is disconnected, and what was held back fails', async () => {
    const { cluster, producer, send } = await open(millrace, { retry: SHORT });
    cluster.brokerDown(1);
    const first = rejection(send('lost'));
    await sleep(300);
    const held = rejection(send('held back'));
    await producer.disconnect();
    for (const error of await Promise.all([first, held])) {
      expect(error).toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded' });
    }
  });
});
