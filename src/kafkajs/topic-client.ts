// An admin client where kafkajs is not installed: its topics, through node-rdkafka.
import { setTimeout as sleep } from 'node:timers/promises';
import { TopicAdmin } from '../admin/topic-admin';
import { MillraceError } from '../errors';
import type { ProducerOptions } from '../options/producer-options';
import { Producer } from '../producer';
import { type Connectable, Connection } from './connection';
import { EngineOptions } from './engine-options';
import {
  KafkaJSAggregateError,
  KafkaJSCreateTopicError,
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSNotImplemented,
  KafkaJSTimeout,
} from './errors';
import { toKafkaJSError } from './failure';
import { Instrumentation } from './instrumentation';
import { connectPatiently } from './patience';
import { brokerCode, protocolError } from './protocol-errors';
import type { InstrumentationEvent, KafkaConfig, Logger, RetryOptions } from './types';

const events = {
  CONNECT: 'admin.connect',
  DISCONNECT: 'admin.disconnect',
  REQUEST: 'admin.network.request',
  REQUEST_TIMEOUT: 'admin.network.request_timeout',
  REQUEST_QUEUE_SIZE: 'admin.network.request_queue_size',
};

/** What kafkajs's admin clients do besides. */
const KAFKAJS_ONLY = [
  'listTopics',
  'fetchTopicMetadata',
  'fetchOffsets',
  'fetchTopicOffsets',
  'fetchTopicOffsetsByTimestamp',
  'describeCluster',
  'setOffsets',
  'resetOffsets',
  'describeConfigs',
  'alterConfigs',
  'listGroups',
  'deleteGroups',
  'describeGroups',
  'describeAcls',
  'deleteAcls',
  'createAcls',
  'deleteTopicRecords',
  'alterPartitionReassignments',
  'listPartitionReassignments',
];

const DEFAULT_TIMEOUT_MS = 5_000;
/** Of one look at a topic that has just been made. */
const LOOK_MS = 1_000;
const PAUSE_MS = 100;

interface TopicConfig {
  topic: string;
  numPartitions?: number;
  replicationFactor?: number;
  replicaAssignment?: object[];
  configEntries?: { name: string; value: string }[];
}

interface TopicPartitionConfig {
  topic: string;
  count: number;
  assignments?: number[][];
}

/** One that is connected, and that is made after it. */
class OpenTopics implements Connectable {
  readonly producer: Producer;
  topics!: TopicAdmin;
  readonly #options: EngineOptions;
  readonly #brokers: readonly string[];
  readonly #producerOptions: ProducerOptions;
  /** Calls are made one after the other, and the end waits for them. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: EngineOptions, brokers: readonly string[]) {
    this.#options = options;
    this.#brokers = brokers;
    const { requestTimeoutMs: timeoutMs } = options;
    this.#producerOptions = {
      ...options.of({ acks: 1, timeoutMs, compression: 'none' }, brokers),
      maxBlockMs: LOOK_MS,
    };
    this.producer = new Producer(this.#producerOptions);
  }

  async connect(): Promise<void> {
    // node-rdkafka's would not say why no broker lets it in.
    await connectPatiently(this.producer, this.#options.patience, this.#brokers);
    this.topics = await TopicAdmin.open(this.#producerOptions);
  }

  async close(): Promise<void> {
    await this.#turn;
    this.topics?.close();
    await this.producer.close();
  }

  inTurn(work: (open: OpenTopics) => Promise<void>): Promise<void> {
    const done = this.#turn.then(() => work(this));
    this.#turn = done.catch(() => {});
    return done;
  }
}

export class TopicClient {
  readonly events = events;
  readonly #options: EngineOptions;
  readonly #logger: Logger;
  readonly #instrumentation: Instrumentation;
  readonly #connection: Connection<OpenTopics>;
  readonly connect: () => Promise<void>;
  readonly disconnect: () => Promise<void>;

  /** @throws KafkaJSNotImplemented, KafkaJSNonRetriableError as `kafka.producer()` does */
  constructor(kafka: KafkaConfig, retry: RetryOptions | undefined, logger: Logger) {
    this.#logger = logger;
    this.#options = new EngineOptions(
      kafka,
      { retry, idempotent: false, allowAutoTopicCreation: false },
      (text) => logger.warn(text),
    );
    this.#instrumentation = new Instrumentation(logger, events);
    this.#connection = new Connection({
      kafka,
      budget: this.#options.budget,
      instrumentation: this.#instrumentation,
      events,
      make: (brokers) => new OpenTopics(this.#options, brokers),
    });
    this.connect = this.#connection.connect;
    this.disconnect = this.#connection.disconnect;
    for (const name of KAFKAJS_ONLY) {
      Object.defineProperty(this, name, {
        value: async () => {
          throw new KafkaJSNonRetriableError(
            `admin.${name}() is kafkajs's own, which is not installed: npm install kafkajs`,
          );
        },
      });
    }
  }

  /** False when all of them are there already. */
  readonly createTopics = async ({
    topics,
    validateOnly,
    timeout = DEFAULT_TIMEOUT_MS,
    waitForLeaders = true,
  }: {
    topics: TopicConfig[];
    validateOnly?: boolean;
    timeout?: number;
    waitForLeaders?: boolean;
  }): Promise<boolean> => {
    checkTopics('topics', topics);
    refuse({ validateOnly, replicaAssignment: topics.some(({ replicaAssignment }) => replicaAssignment) });
    for (const topic of topics) checkConfigs(topic);
    const failures: KafkaJSCreateTopicError[] = [];
    await this.#inTurn(async ({ topics: admin, producer }) => {
      for (const { topic, numPartitions, replicationFactor, configEntries = [] } of topics) {
        const configs = Object.fromEntries(configEntries.map(({ name, value }) => [name, value]));
        try {
          await admin.createTopic({ topic, partitions: numPartitions, replicationFactor, configs }, timeout);
        } catch (error) {
          failures.push(createTopicError(error, topic));
        }
      }
      if (failures.length > 0 || !waitForLeaders) return;
      for (const { topic } of topics) await untilLed(producer, topic, timeout);
    });
    if (failures.length === 0) return true;
    if (failures.every(({ type }) => type === 'TOPIC_ALREADY_EXISTS')) return false;
    throw new KafkaJSAggregateError('Topic creation errors', failures);
  };

  readonly createPartitions = async ({
    topicPartitions,
    validateOnly,
    timeout = DEFAULT_TIMEOUT_MS,
  }: {
    topicPartitions: TopicPartitionConfig[];
    validateOnly?: boolean;
    timeout?: number;
  }): Promise<boolean> => {
    checkTopics('topic partitions', topicPartitions);
    if (topicPartitions.length === 0) throw new KafkaJSNonRetriableError('Empty topic partitions array');
    refuse({ validateOnly, assignments: topicPartitions.some(({ assignments }) => assignments) });
    await this.#inTurn(async ({ topics }) => {
      for (const { topic, count } of topicPartitions) await topics.createPartitions(topic, count, timeout);
    });
    return true;
  };

  readonly deleteTopics = async ({
    topics,
    timeout = DEFAULT_TIMEOUT_MS,
  }: {
    topics: string[];
    timeout?: number;
  }): Promise<void> => {
    if (!Array.isArray(topics)) throw new KafkaJSNonRetriableError(`Invalid topics array ${topics}`);
    if (topics.some((topic) => typeof topic !== 'string')) {
      throw new KafkaJSNonRetriableError('Invalid topics array, the names must be a valid string');
    }
    await this.#inTurn(async ({ topics: admin }) => {
      for (const topic of topics) await admin.deleteTopic(topic, timeout);
    });
  };

  readonly logger = (): Logger => this.#logger;

  /** Requests are not told of. @throws KafkaJSNonRetriableError for a name that is none of `events` */
  readonly on = (eventName: string, listener: (event: InstrumentationEvent<never>) => void): (() => void) =>
    this.#instrumentation.on(eventName, listener);

  async #inTurn(work: (open: OpenTopics) => Promise<void>): Promise<void> {
    const { open } = this.#connection;
    if (open === undefined) throw new KafkaJSError('The admin client is disconnected');
    try {
      await open.inTurn(work);
    } catch (error) {
      throw toKafkaJSError(error, this.#options.budget);
    }
  }
}

/** In kafkajs's words. */
function checkTopics(what: string, topics: readonly { topic: string }[]): void {
  if (!Array.isArray(topics)) throw new KafkaJSNonRetriableError(`Invalid ${what} array ${topics}`);
  if (topics.some(({ topic }) => typeof topic !== 'string')) {
    throw new KafkaJSNonRetriableError(`Invalid ${what} array, the topic names have to be a valid string`);
  }
  if (new Set(topics.map(({ topic }) => topic)).size < topics.length) {
    throw new KafkaJSNonRetriableError(
      `Invalid ${what} array, it cannot have multiple entries for the same topic`,
    );
  }
}

function checkConfigs({ topic, configEntries = [] }: TopicConfig): void {
  if (!Array.isArray(configEntries)) {
    throw new KafkaJSNonRetriableError(`Invalid configEntries for topic "${topic}", must be an array`);
  }
  configEntries.forEach((entry, index) => {
    for (const field of ['name', 'value'] as const) {
      if (typeof entry?.[field] === 'string') continue;
      throw new KafkaJSNonRetriableError(
        `Invalid configEntries for topic "${topic}". Entry ${index} must have a valid "${field}" property`,
      );
    }
  });
}

/** @throws KafkaJSNotImplemented for what node-rdkafka has no words for, where it is asked for */
function refuse(asked: Readonly<Record<string, unknown>>): void {
  for (const [option, value] of Object.entries(asked)) {
    if (!value) continue;
    throw new KafkaJSNotImplemented(`${option} needs kafkajs's own admin client: npm install kafkajs`);
  }
}

/** @throws what is no broker's answer for this topic */
function createTopicError(error: unknown, topic: string): KafkaJSCreateTopicError {
  const code = error instanceof MillraceError ? brokerCode(error.code) : undefined;
  if (code === undefined) throw error;
  return new KafkaJSCreateTopicError(protocolError(code, (error as Error).message, error), topic);
}

async function untilLed(producer: Producer, topic: string, timeoutMs: number): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(PAUSE_MS)) {
    const partitions = await producer.partitionsFor(topic).catch(() => []);
    if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
  }
  throw new KafkaJSTimeout('Timed out while waiting for topic leaders');
}
