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

async function open(library: Library, config: Partial<millrace.KafkaConfig>, brokers = 1) {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  const cluster = await EmbeddedCluster.start({ brokers, topics: [{ topic: 'orders', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  cluster.setLeader('orders', 0, 1);
  const kafka = new library.Kafka({
    brokers: cluster.bootstrapServers.split(','),
    logLevel: library.logLevel.NOTHING,
    ...config,
  });
  const producer = kafka.producer();
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
