// The two libraries, so that the same assertions are made of both.
import { describe, onTestFinished } from 'vitest';
import * as millrace from '../../src/kafkajs';
import { type ReadRecord, readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, type TopicOptions } from '../broker/topics';
import { installedKafkaJS } from './installed-kafkajs';

export type Library = typeof millrace;

export interface Parity {
  readonly library: Library;
  readonly isMillrace: boolean;
  brokers(): string[];
  /** A client of the broker: silent, and quick to give up. */
  kafka(config?: Partial<millrace.KafkaConfig>): InstanceType<Library['Kafka']>;
  /** Not connected; disconnected when the test is over. */
  producer(config?: millrace.ProducerConfig, kafka?: Partial<millrace.KafkaConfig>): millrace.Producer;
  connected(
    config?: millrace.ProducerConfig,
    kafka?: Partial<millrace.KafkaConfig>,
  ): Promise<millrace.Producer>;
  topic(options?: Partial<TopicOptions>): Promise<string>;
  read(topic: string): Promise<ReadRecord[]>;
}

/** Two describe blocks on the real broker, of which the second is of kafkajs itself. */
export function describeParity(name: string, fn: (parity: Parity) => void): void {
  describeOnKafka(name, (brokers) => {
    describe('millrace/kafkajs', () => fn(parityOf(millrace, brokers)));
    describe('kafkajs', () => fn(parityOf(installedKafkaJS as unknown as Library, brokers)));
  });
}

/** A describe block for each library, for what a broker that others use cannot be brought to. */
export function describeLibraries(name: string, fn: (library: Library, isMillrace: boolean) => void): void {
  describe(name, () => {
    describe('millrace/kafkajs', () => fn(millrace, true));
    describe('kafkajs', () => fn(installedKafkaJS as unknown as Library, false));
  });
}

export const QUICK_RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 400 };

function parityOf(library: Library, brokers: () => string): Parity {
  // Of the default partitioner's change in 2.0.
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  const parity: Parity = {
    library,
    isMillrace: library === millrace,
    brokers: () => brokers().split(','),
    kafka: (config) =>
      new library.Kafka({
        brokers: parity.brokers(),
        logLevel: library.logLevel.NOTHING,
        connectionTimeout: 5000,
        retry: QUICK_RETRY,
        ...config,
      }),
    producer: (config, kafka) => {
      const producer = parity.kafka(kafka).producer(config);
      onTestFinished(() => producer.disconnect());
      return producer;
    },
    connected: async (config, kafka) => {
      const producer = parity.producer(config, kafka);
      await producer.connect();
      return producer;
    },
    topic: (options) => createTopic(brokers(), { partitions: 1, ...options }),
    read: (topic) => readBack(brokers(), topic),
  };
  return parity;
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${JSON.stringify(value)}`);
    },
    (error) => error,
  );
}
