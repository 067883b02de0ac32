// Connections that break again and again, also between a request and its answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { Kafka, logLevel, type ProducerConfig } from '../../src/kafkajs';
import { readBack } from '../broker/read-back';
import { describeWithOwnKafka } from '../broker/real-broker';
import { RealKafka } from '../broker/real-kafka';
import type { TcpProxy } from '../broker/tcp-proxy';
import { createTopic } from '../broker/topics';

const ROUNDS = 60;
const CALLS_A_ROUND = 10;
/** So many of a round's messages go in one call. */
const TOGETHER = 20;

/** Cuts a proxy's connections until it is told to stop; returns how many there were. */
function cutAgainAndAgain(proxy: TcpProxy): () => Promise<number> {
  let stopped = false;
  // Requests reach the broker, and their answers are on the way when the connection ends.
  proxy.delayBy(15);
  const cutting = (async () => {
    let cut = 0;
    while (!stopped) {
      await sleep(250);
      cut += proxy.connections;
      proxy.cut();
    }
    proxy.delayBy(0);
    return cut;
  })();
  return () => {
    stopped = true;
    return cutting;
  };
}

describeWithOwnKafka('connections that break', () => {
  let kafka: RealKafka;
  beforeAll(async () => {
    kafka = await RealKafka.start({ proxied: true, heap: '384m' });
  }, 180_000);
  afterAll(() => kafka?.stop());

  // kafkajs is not asked: it loses messages, doubles them and rejects calls, not always the same.
  it.each<[string, ProducerConfig]>([
    ['an idempotent producer', { idempotent: true }],
    ['one that was not asked to be', {}],
  ])(
    'cost %s nothing',
    async (_, config) => {
      const topic = await createTopic(kafka.directServers, { partitions: 1 });
      const client = new Kafka({
        brokers: [kafka.bootstrapServers],
        logLevel: logLevel.NOTHING,
        connectionTimeout: 5000,
        retry: { retries: 50, initialRetryTime: 50, maxRetryTime: 200 },
      });
      const producer = client.producer(config);
      onTestFinished(() => producer.disconnect());
      await producer.connect();
      await producer.send({ topic, messages: [{ value: 'before' }] });
      const stop = cutAgainAndAgain(kafka.brokers[0].proxy as TcpProxy);
      const values = ['before'];
      const message = () => ({ value: values[values.push(`${values.length}`) - 1] });
      for (let round = 0; round < ROUNDS; round++) {
        const calls = Array.from({ length: CALLS_A_ROUND }, () =>
          producer.send({ topic, messages: [message()] }),
        );
        calls.push(producer.send({ topic, messages: Array.from({ length: TOGETHER }, message) }));
        for (const results of await Promise.all(calls)) expect(results).toMatchObject([{ errorCode: 0 }]);
      }
      expect(await stop()).toBeGreaterThan(5);
      const stored = await readBack(kafka.directServers, topic);
      expect(stored.map(({ value }) => String(value))).toEqual(values);
    },
    120_000,
  );
});
