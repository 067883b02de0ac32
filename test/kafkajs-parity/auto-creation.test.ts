// Topics that a broker makes when they are first sent to, where it and its client may.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { ProducerConfig } from '../../src/kafkajs';
import { readBack } from '../broker/read-back';
import { describeWithOwnKafka } from '../broker/real-broker';
import { RealKafka } from '../broker/real-kafka';
import { withAdmin } from '../broker/topics';
import { describeLibraries, QUICK_RETRY, rejection } from './libraries';

describeWithOwnKafka('a Kafka that makes topics', () => {
  let kafka: RealKafka;
  beforeAll(async () => {
    kafka = await RealKafka.start({
      heap: '384m',
      brokerProperties: { 'auto.create.topics.enable': 'true', 'num.partitions': '3' },
    });
  }, 180_000);
  afterAll(() => kafka?.stop());

  describeLibraries('for', (library) => {
    const connected = async (config: ProducerConfig) => {
      process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
      const client = new library.Kafka({
        brokers: [kafka.bootstrapServers],
        logLevel: library.logLevel.NOTHING,
        connectionTimeout: 5000,
        // A new topic may take a while until it has leaders.
        retry: config.allowAutoTopicCreation === false ? QUICK_RETRY : { initialRetryTime: 100, retries: 8 },
      });
      const producer = client.producer(config);
      onTestFinished(() => producer.disconnect());
      await producer.connect();
      return producer;
    };
    const newName = () => `made-${randomUUID()}`;

    it.each<[string, ProducerConfig]>([
      ['nothing said', {}],
      ['true', { allowAutoTopicCreation: true }],
      ['true, idempotent', { allowAutoTopicCreation: true, idempotent: true }],
    ])('allowAutoTopicCreation: %s', async (_, config) => {
      const topic = newName();
      const producer = await connected(config);
      const values = Array.from({ length: 10 }, (_, i) => `${i}`);
      const sends = values.map((value) => producer.send({ topic, messages: [{ value, partition: 2 }] }));
      for (const results of await Promise.all(sends)) {
        expect(results).toMatchObject([{ topicName: topic, partition: 2, errorCode: 0 }]);
      }
      const stored = await readBack(kafka.bootstrapServers, topic);
      expect(stored.map(({ value }) => String(value)).sort()).toEqual(values);
    });

    it('allowAutoTopicCreation: false', async () => {
      const topic = newName();
      const producer = await connected({ allowAutoTopicCreation: false });
      const error = await rejection(producer.send({ topic, messages: [{ value: 'lost' }] }));
      expect(error).toMatchObject({ cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' } });
      const names = await withAdmin(kafka.bootstrapServers, (admin) => admin.listTopics());
      expect(names).not.toContain(topic);
    });
  });
});
