// An admin client where kafkajs is not installed: its topics, through node-rdkafka.
import { setTimeout as sleep } from 'node:timers/promises';
import { TopicAdmin } from '../admin/topic-admin';
import { MillraceError } from '../errors';
import { Producer } from '../producer';
import { brokersOf } from './brokers';
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

export class TopicClient {
  readonly events = events;
  readonly #kafka: KafkaConfig;
  readonly #options: EngineOptions;
  readonly #logger: Logger;
  readonly #instrumentation: Instrumentation;
  #open: { producer: Producer; topics: TopicAdmin } | undefined;
  #connecting: Promise<void> | undefined;
  /** Calls are made one after the other, and the end waits for them. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws KafkaJSNotImplemented, KafkaJSNonRetriableError as `kafka.producer()` does */
  constructor(kafka: KafkaConfig, retry: RetryOptions | undefined, logger: Logger) {
    this.#kafka = kafka;
    this.#logger = logger;
    this.#options = new EngineOptions(
      kafka,
      { retry, idempotent: false, allowAutoTopicCreation: false },
      (text) => logger.warn(text),
    );
    this.#instrumentation = new Instrumentation(logger, events);
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

  readonly connect = async (): Promise<void> => {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    await this.#connecting;
    this.#instrumentation.emit(events.CONNECT);
  };

  readonly disconnect = async (): Promise<void> => {
    await this.#connecting?.catch(() => {});
    await this.#turn;
    const open = this.#open;
    this.#open = undefined;
    open?.topics.close();
    await open?.producer.close();
    this.#instrumentation.emit(events.DISCONNECT);
  };

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

  async #connect(): Promise<void> {
    if (this.#open !== undefined) return;
    const brokers = await brokersOf(this.#kafka);
    const { requestTimeoutMs: timeoutMs } = this.#options;
    const options = {
      ...this.#options.of({ acks: 1, timeoutMs, compression: 'none' }, brokers),
      maxBlockMs: LOOK_MS,
    };
    const producer = new Producer(options);
    try {
      // node-rdkafka's would not say why no broker lets it in.
      await producer.connect();
      this.#open = { producer, topics: await TopicAdmin.open(options) };
    } catch (error) {
      await producer.close();
      throw toKafkaJSError(error, this.#options.budget);
    }
  }

  async #inTurn(work: (open: { producer: Producer; topics: TopicAdmin }) => Promise<void>): Promise<void> {
    const open = this.#open;
    if (open === undefined) throw new KafkaJSError('The admin client is disconnected');
    const done = this.#turn.then(() => work(open));
    this.#turn = done.catch(() => {});
    try {
      await done;
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
