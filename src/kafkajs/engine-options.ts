// kafkajs's two configurations in the engine's words. Nothing is dropped silently: what would change an outcome is
// refused, what only tunes and has no counterpart is warned of, once.
import type { Acks, Compression, ProducerOptions } from '../options/producer-options';
import { compressionOf, type LaneSettings } from './call';
import { KafkaJSNotImplemented } from './errors';
import { withNumbers } from './numeric-options';
import type { Patience } from './patience';
import { type RetryBudget, retryBudget } from './retry-budget';
import { securityOf } from './security';
import type { KafkaConfig, ProducerConfig, RetryOptions } from './types';

export const KAFKA_OPTIONS: ReadonlySet<string> = new Set([
  'brokers',
  'ssl',
  'sasl',
  'clientId',
  'connectionTimeout',
  'authenticationTimeout',
  'reauthenticationThreshold',
  'requestTimeout',
  'enforceRequestTimeout',
  'retry',
  'socketFactory',
  'logLevel',
  'logCreator',
]);
const PRODUCER_OPTIONS: ReadonlySet<string> = new Set([
  'createPartitioner',
  'retry',
  'metadataMaxAge',
  'allowAutoTopicCreation',
  'idempotent',
  'transactionalId',
  'transactionTimeout',
  'transactionCompression',
  'maxInFlightRequests',
]);

/** As kafkajs's producers, ours have no use for the last. */
const RETRY_OPTIONS: ReadonlySet<string> = new Set([
  'retries',
  'initialRetryTime',
  'maxRetryTime',
  'factor',
  'multiplier',
  'restartOnFailure',
]);

const KAFKA_NUMBERS = [
  'connectionTimeout',
  'authenticationTimeout',
  'reauthenticationThreshold',
  'requestTimeout',
] as const;
const PRODUCER_NUMBERS = ['metadataMaxAge', 'transactionTimeout', 'maxInFlightRequests'] as const;

/** kafkajs knows no limit but the broker's, which rejects what is too large. */
const LARGEST_RECORD = 1_000_000_000;
/** kafkajs holds whatever it is given. */
const BUFFER_MEMORY = 256 << 20;
/** librdkafka's ranges. */
const SOCKET_TIMEOUT_MS = { min: 10, max: 300_000 };
const SHORTEST_CONNECTION_SETUP_MS = 1000;
const METADATA_MAX_AGE_MS = { min: 10, max: 3_600_000 };
const PAUSE_MS = { min: 1, max: 300_000 };
/** The engine's own pauses before connecting again; kafkajs has no others than those between attempts. */
const RECONNECT_PAUSE_MS = { min: 50, max: 1000 };
const IDEMPOTENT_REQUESTS_IN_FLIGHT = 5;
/** So long may it take another broker to answer. */
const SHORTEST_PATIENCE_MS = 1000;
const MAX_INT = 2147483647;

const DEFAULTS = {
  clientId: 'kafkajs',
  connectionTimeout: 1000,
  authenticationTimeout: 10_000,
  requestTimeout: 30_000,
  metadataMaxAge: 300_000,
  transactionTimeout: 60_000,
};

/** librdkafka's and the engine's least. */
const SHORTEST_TRANSACTION_MS = 1000;

export class EngineOptions {
  readonly clientId: string;
  readonly budget: RetryBudget;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly warnOnce: (text: string) => void;
  readonly #kafka: KafkaConfig;
  readonly #producer: ProducerConfig;
  readonly #connectionTimeoutMs: number;

  /**
   * @param warnOnce is told of what has no effect
   * @throws KafkaJSNotImplemented, KafkaJSNonRetriableError naming the option
   */
  constructor(given: KafkaConfig, givenProducer: ProducerConfig, warnOnce: (text: string) => void) {
    const kafka = withNumbers(given, KAFKA_NUMBERS);
    const producer = withNumbers(givenProducer, PRODUCER_NUMBERS);
    this.#kafka = kafka;
    this.#producer = producer;
    this.warnOnce = warnOnce;
    refuse(kafka);
    const retry = { ...kafka.retry, ...producer.retry };
    this.budget = retryBudget(retry);
    warnOfIneffective(kafka, producer, retry, warnOnce);
    // librdkafka has no name that is empty.
    this.clientId = kafka.clientId || DEFAULTS.clientId;
    this.metadataMaxAgeMs = producer.metadataMaxAge ?? DEFAULTS.metadataMaxAge;
    this.requestTimeoutMs = kafka.requestTimeout ?? DEFAULTS.requestTimeout;
    this.#connectionTimeoutMs = kafka.connectionTimeout ?? DEFAULTS.connectionTimeout;
    // So long would kafkajs's attempts to connect take, were no connection ever answered.
    const attempts = this.budget.retries + 1;
    this.connectTimeoutMs = atMostMaxInt(this.budget.pausesMs + attempts * this.#connectionTimeoutMs);
  }

  /** kafkajs's attempts to reach a broker that refuses take no time but the pauses between them. */
  get patience(): Patience {
    return {
      refusedMs: Math.max(SHORTEST_PATIENCE_MS, this.budget.pausesMs),
      silentMs: Math.max(SHORTEST_PATIENCE_MS, this.connectTimeoutMs),
    };
  }

  /** Of a client for sends with these settings. */
  of({ acks, timeoutMs, compression }: LaneSettings, brokers: readonly string[]): ProducerOptions {
    const { budget } = this;
    const { authenticationTimeout = DEFAULTS.authenticationTimeout, enforceRequestTimeout } = this.#kafka;
    const idempotent = this.idempotent(acks);
    const inFlight = this.#producer.maxInFlightRequests ?? IDEMPOTENT_REQUESTS_IN_FLIGHT;
    const { ssl, sasl, librdkafka } = securityOf(this.#kafka, brokers);
    const requestTimeoutMs = enforceRequestTimeout === false ? SOCKET_TIMEOUT_MS.max : this.requestTimeoutMs;
    const firstPauseMs = within(PAUSE_MS, budget.firstPauseMs);
    return {
      bootstrapServers: brokers,
      clientId: this.clientId,
      acks: acks as Acks,
      compression,
      enableIdempotence: idempotent,
      retries: budget.retries,
      retryBackoffMs: firstPauseMs,
      retryBackoffMaxMs: Math.max(firstPauseMs, within(PAUSE_MS, budget.longestPauseMs)),
      reconnectBackoffMs: RECONNECT_PAUSE_MS.min,
      reconnectBackoffMaxMs: within(RECONNECT_PAUSE_MS, budget.longestPauseMs),
      maxInFlightRequests: idempotent ? Math.min(inFlight, IDEMPOTENT_REQUESTS_IN_FLIGHT) : inFlight,
      requestTimeoutMs: timeoutMs,
      deliveryTimeoutMs: atMostMaxInt(
        budget.pausesMs + Math.max(timeoutMs, requestTimeoutMs) + this.#connectionTimeoutMs,
      ),
      connectTimeoutMs: this.connectTimeoutMs,
      // kafkajs asks for an unknown topic once more after each pause.
      maxBlockMs: atMostMaxInt(budget.pausesMs + this.#connectionTimeoutMs),
      metadataMaxAgeMs: within(METADATA_MAX_AGE_MS, this.metadataMaxAgeMs),
      maxRequestSize: LARGEST_RECORD,
      bufferMemory: BUFFER_MEMORY,
      ssl,
      sasl,
      librdkafka: {
        ...librdkafka,
        'socket.timeout.ms': within(SOCKET_TIMEOUT_MS, requestTimeoutMs),
        'socket.connection.setup.timeout.ms': Math.max(
          SHORTEST_CONNECTION_SETUP_MS,
          this.#connectionTimeoutMs + (this.#kafka.sasl ? authenticationTimeout : 0),
        ),
        'allow.auto.create.topics': this.#producer.allowAutoTopicCreation !== false,
      },
    };
  }

  /** Of the client of this producer's transactions. */
  ofTransactions(brokers: readonly string[]): ProducerOptions {
    const { transactionalId, transactionTimeout: given = DEFAULTS.transactionTimeout } = this.#producer;
    const transactionTimeout = Math.max(SHORTEST_TRANSACTION_MS, Math.round(given));
    const options = this.of(
      {
        acks: -1,
        timeoutMs: Math.min(DEFAULTS.requestTimeout, this.requestTimeoutMs, transactionTimeout),
        compression: 'none',
      },
      brokers,
    );
    return {
      ...options,
      compression: this.transactionCompression,
      enableIdempotence: true,
      retries: Math.max(1, this.budget.retries),
      maxInFlightRequests: Math.min(options.maxInFlightRequests as number, IDEMPOTENT_REQUESTS_IN_FLIGHT),
      // librdkafka: a record may not outlive its transaction.
      deliveryTimeoutMs: Math.min(options.deliveryTimeoutMs as number, transactionTimeout),
      transactionalId,
      transactionTimeoutMs: transactionTimeout,
      // librdkafka: nor may a request.
      librdkafka: {
        ...options.librdkafka,
        'socket.timeout.ms': Math.min(
          options.librdkafka?.['socket.timeout.ms'] as number,
          transactionTimeout,
        ),
      },
    };
  }

  get transactionCompression(): Compression {
    return compressionOf(this.#producer.transactionCompression);
  }

  /** Whether sends with these acks are: unless they must not be, since it costs nothing and saves from duplicates. */
  idempotent(acks: -1 | 0 | 1): boolean {
    const { idempotent, maxInFlightRequests } = this.#producer;
    if (acks !== -1 || idempotent === false || this.budget.retries < 1) return false;
    return idempotent === true || (maxInFlightRequests ?? 1) <= IDEMPOTENT_REQUESTS_IN_FLIGHT;
  }
}

function refuse(kafka: KafkaConfig): void {
  if (kafka.socketFactory !== undefined && kafka.socketFactory !== null) {
    throw new KafkaJSNotImplemented(
      'socketFactory: librdkafka opens its own sockets; a proxy has to be transparent to it (consumer() and admin() ' +
        'do use the factory)',
    );
  }
  securityOf(
    kafka,
    Array.isArray(kafka.brokers) ? kafka.brokers.filter((name) => typeof name === 'string') : [],
  );
}

function warnOfIneffective(
  kafka: KafkaConfig,
  producer: ProducerConfig,
  retry: RetryOptions,
  warnOnce: (text: string) => void,
): void {
  for (const name of Object.keys(kafka).filter((name) => !KAFKA_OPTIONS.has(name))) {
    warnOnce(`Unknown option ${name} of Kafka has no effect`);
  }
  for (const name of Object.keys(producer).filter((name) => !PRODUCER_OPTIONS.has(name))) {
    warnOnce(`Unknown option ${name} of producer() has no effect`);
  }
  for (const name of Object.keys(retry).filter((name) => !RETRY_OPTIONS.has(name))) {
    warnOnce(`Unknown option ${name} of retry has no effect`);
  }
  const { factor, multiplier } = retry;
  if (Number(factor ?? 0.2) !== 0.2)
    warnOnce('retry.factor has no effect on producers: jitter is always 0.2');
  if (Number(multiplier ?? 2) !== 2)
    warnOnce('retry.multiplier has no effect on producers: pauses always double');
  if (kafka.reauthenticationThreshold !== undefined)
    warnOnce('reauthenticationThreshold has no effect on producers: librdkafka renews sessions in time');
  if (kafka.enforceRequestTimeout === false)
    warnOnce('enforceRequestTimeout: producers wait for an answer for 300000 ms at most');
  if (producer.idempotent === true && (producer.maxInFlightRequests ?? 1) > IDEMPOTENT_REQUESTS_IN_FLIGHT)
    warnOnce('maxInFlightRequests: 5 at most for an idempotent producer');
  const { requestTimeout = DEFAULTS.requestTimeout } = kafka;
  if (within(SOCKET_TIMEOUT_MS, requestTimeout) !== requestTimeout)
    warnOnce(`requestTimeout: ${within(SOCKET_TIMEOUT_MS, requestTimeout)} ms is used instead`);
  const { metadataMaxAge = DEFAULTS.metadataMaxAge } = producer;
  if (within(METADATA_MAX_AGE_MS, metadataMaxAge) !== metadataMaxAge)
    warnOnce(`metadataMaxAge: ${within(METADATA_MAX_AGE_MS, metadataMaxAge)} ms is used instead`);
}

function within({ min, max }: { min: number; max: number }, value: number): number {
  return Math.max(min, Math.min(max, Math.round(value)));
}

function atMostMaxInt(ms: number): number {
  return Math.min(MAX_INT, Math.ceil(ms));
}
