// Topics through kafka.admin(): kafkajs's own, and what stands in for it where kafkajs is not installed.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Admin } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Kafka, type KafkaConfig, logLevel } from '../../src/kafkajs';
import { TopicClient } from '../../src/kafkajs/topic-client';
import { describeOnKafka } from '../broker/real-broker';
import { partitionStates, withAdmin } from '../broker/topics';
import { installedKafkaJS } from './installed-kafkajs';
import { QUICK_RETRY, rejection } from './libraries';

const newName = () => `admin-${randomUUID()}`;

function configOf(brokers: string): KafkaConfig {
  return {
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5000,
    retry: QUICK_RETRY,
  };
}

const LIBRARIES = {
  'millrace/kafkajs': (config: KafkaConfig) =>
    new TopicClient(config, undefined, new Kafka(config).logger()) as unknown as Admin,
  kafkajs: (config: KafkaConfig) => new installedKafkaJS.Kafka(config as never).admin(),
};

describeOnKafka('kafka.admin()', (brokers) => {
  describe.each(Object.entries(LIBRARIES))('%s', (_name, open) => {
    const connected = async () => {
      const admin = open(configOf(brokers()));
      onTestFinished(() => admin.disconnect());
      await admin.connect();
      return admin;
    };

    it('creates topics with partitions and settings, which can be written to at once', async () => {
      const admin = await connected();
      const [plain, compacted] = [newName(), newName()];
      const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
      const topics = [
        { topic: plain, numPartitions: 4, replicationFactor: 1 },
        { topic: compacted, configEntries },
      ];
      expect(await admin.createTopics({ topics })).toBe(true);
      const states = await partitionStates(brokers(), plain);
      expect(states).toHaveLength(4);
      for (const { leader } of states) expect(leader).toBeGreaterThanOrEqual(0);
      const resources = [{ type: 2, name: compacted, configNames: ['cleanup.policy'] }];
      const described = await withAdmin(brokers(), (witness) =>
        witness.describeConfigs({ resources, includeSynonyms: false }),
      );
      expect(described.resources[0].configEntries[0]).toMatchObject({ configValue: 'compact' });
    });

    it('says whether topics were there already, and what is wrong with others', async () => {
      const admin = await connected();
      const topic = newName();
      expect(await admin.createTopics({ topics: [{ topic }] })).toBe(true);
      expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false);
      const topics = [{ topic: newName(), replicationFactor: 99 }, { topic }];
      const error = await rejection(admin.createTopics({ topics }));
      expect(error).toMatchObject({ name: 'KafkaJSAggregateError', message: 'Topic creation errors' });
      expect((error.errors as { code: number }[]).sort((a, b) => a.code - b.code)).toMatchObject([
        { name: 'KafkaJSCreateTopicError', type: 'TOPIC_ALREADY_EXISTS', code: 36, topic },
        { name: 'KafkaJSCreateTopicError', type: 'INVALID_REPLICATION_FACTOR', code: 38 },
      ]);
    });

    it('adds partitions, and not fewer than there are', async () => {
      const admin = await connected();
      const topic = newName();
      await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
      await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
      await vi.waitFor(async () => expect(await partitionStates(brokers(), topic)).toHaveLength(5), 10_000);
      expect(
        await rejection(admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })),
      ).toMatchObject({
        name: 'KafkaJSProtocolError',
        type: 'INVALID_PARTITIONS',
        code: 37,
      });
    });

    it('deletes topics', async () => {
      const admin = await connected();
      const topic = newName();
      await admin.createTopics({ topics: [{ topic }] });
      await admin.deleteTopics({ topics: [topic] });
      const names = () => withAdmin(brokers(), (witness) => witness.listTopics());
      await vi.waitFor(async () => expect(await names()).not.toContain(topic), 10_000);
      expect(await rejection(admin.deleteTopics({ topics: [topic] }))).toMatchObject({
        name: 'KafkaJSNumberOfRetriesExceeded',
        cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
      });
    });

    it.each([
      ['createTopics', { topics: 'no' }, 'Invalid topics array no'],
      ['createTopics', { topics: [{ topic: 1 }] }, 'the topic names have to be a valid string'],
      ['createTopics', { topics: [{ topic: 'a' }, { topic: 'a' }] }, 'multiple entries for the same topic'],
      ['createTopics', { topics: [{ topic: 'a', configEntries: {} }] }, 'must be an array'],
      [
        'createTopics',
        { topics: [{ topic: 'a', configEntries: [{ name: 'b' }] }] },
        'a valid "value" property',
      ],
      ['createPartitions', { topicPartitions: [] }, 'Empty topic partitions array'],
      ['deleteTopics', { topics: [1] }, 'the names must be a valid string'],
    ] as const)('%s refuses %o', async (method, options, message) => {
      const admin = open(configOf(brokers()));
      const error = await rejection((admin[method] as (of: unknown) => Promise<unknown>)(options));
      expect(error).toMatchObject({ name: 'KafkaJSNonRetriableError' });
      expect(error.message).toContain(message);
    });

    it('tells of its connection, and that no broker answers', async () => {
      const heard: string[] = [];
      const admin = open(configOf(brokers()));
      admin.on(admin.events.CONNECT, ({ type }) => heard.push(type));
      admin.on(admin.events.DISCONNECT, ({ type }) => heard.push(type));
      await admin.connect();
      await admin.disconnect();
      expect(heard).toEqual(['admin.connect', 'admin.disconnect']);
      expect(() => admin.on('admin.none' as never, () => {})).toThrow(
        /should be one of admin.events.CONNECT/,
      );
      const lost = open({
        ...configOf('127.0.0.1:1'),
        connectionTimeout: 500,
        retry: { retries: 1, initialRetryTime: 50 },
      });
      expect(await rejection(lost.connect())).toMatchObject({ name: expect.stringMatching(/^KafkaJS/) });
    });
  });

  it('does what node-rdkafka can where kafkajs is not installed, and names what it cannot', async () => {
    const topic = newName();
    const program = `
      const { Kafka } = require(${JSON.stringify(join(__dirname, '../../dist/kafkajs'))});
      (async () => {
        const admin = new Kafka({ brokers: ${JSON.stringify(brokers().split(','))} }).admin();
        const tell = (error) => console.log(error.name + ': ' + error.message);
        await admin.createTopics({ topics: [{ topic: 'early' }] }).catch(tell);
        await admin.connect();
        console.log(await admin.createTopics({ topics: [{ topic: '${topic}', numPartitions: 2 }] }));
        await admin.createTopics({ topics: [], validateOnly: true }).catch(tell);
        await admin.listTopics().catch(tell);
        await admin.disconnect();
      })();`;
    const preload = join(__dirname, 'without-kafkajs.cjs');
    const { stdout } = await promisify(execFile)(process.execPath, ['--require', preload, '--eval', program]);
    expect(stdout.trim().split('\n')).toEqual([
      'KafkaJSError: The admin client is disconnected',
      'true',
      "KafkaJSNotImplemented: validateOnly needs kafkajs's own admin client: npm install kafkajs",
      "KafkaJSNonRetriableError: admin.listTopics() is kafkajs's own, which is not installed: npm install kafkajs",
    ]);
    expect(await partitionStates(brokers(), topic)).toHaveLength(2);
  });

  it('says where node-rdkafka does not work', async () => {
    const program = `
      const { TopicClient } = require(${JSON.stringify(join(__dirname, '../../dist/kafkajs/topic-client'))});
      const { Kafka } = require(${JSON.stringify(join(__dirname, '../../dist/kafkajs'))});
      const config = { brokers: ${JSON.stringify(brokers().split(','))} };
      const { parentPort } = require('node:worker_threads');
      new TopicClient(config, undefined, new Kafka(config).logger())
        .connect()
        .catch(({ name, message }) => parentPort.postMessage({ name, message }));`;
    const worker = new Worker(program, { eval: true });
    onTestFinished(async () => void (await worker.terminate()));
    const [told] = await once(worker, 'message');
    expect(told).toEqual({
      name: 'KafkaJSNonRetriableError',
      message: "topics are made in a process's main thread only: node-rdkafka serves no other",
    });
  });
});
