// The error family: few classes, many codes. `code` is Kafka's or librdkafka's name of an error
// (`MSG_SIZE_TOO_LARGE`, `_MSG_TIMED_OUT`, …) or one of OwnCode.
import { addon } from './addon';
import type { BatchResult } from './delivery/batch-result';

/** Codes of failures that no broker and no librdkafka call reports. */
export type OwnCode =
  /** An option is unknown, of the wrong type, out of range, or contradicts another. */
  | 'INVALID_CONFIG'
  /** A record has a field that cannot be produced. */
  | 'INVALID_RECORD'
  /** A serializer threw, or its promise was rejected. */
  | 'SERIALIZATION_FAILED'
  /** A serializer's promise was not kept within `maxBlockMs`. */
  | 'SERIALIZATION_TIMEOUT'
  /** A custom partitioner threw, or returned no partition of the topic. */
  | 'PARTITIONER_FAILED'
  /** The topic has got more partitions, and `onPartitionGrowth` is 'fail'. */
  | 'PARTITIONS_GREW'
  /** The `AbortSignal` fired before the record was accepted. */
  | 'ABORTED'
  /** A module of an ingestion or of a pool could not be loaded, or does not give what is expected of it. */
  | 'MODULE_FAILED'
  /** A thread ended while it had the records in hand. */
  | 'WORKER_FAILED'
  /** The buffer stayed full for `maxBlockMs`. */
  | 'BUFFER_TIMEOUT'
  /** The topic's partitions were not known within `maxBlockMs`. */
  | 'METADATA_TIMEOUT'
  /** No broker answered within `connectTimeoutMs`. */
  | 'CONNECTION_FAILED'
  /** The producer was closed before the call, or before the record could be delivered. */
  | 'PRODUCER_CLOSED'
  /** Some records of a batch failed. */
  | 'BATCH_FAILED'
  /** A transaction was asked of a producer without `transactionalId`. */
  | 'NOT_TRANSACTIONAL'
  /** A transactional producer was to send something that belongs to no transaction. */
  | 'OUTSIDE_TRANSACTION'
  /** A transaction was to begin while another one was open. */
  | 'TRANSACTION_OPEN'
  /** A transaction was used after its commit or abort. */
  | 'TRANSACTION_ENDED'
  /** One of the transaction's records failed: all that is left is to abort it. */
  | 'TRANSACTION_FAILED'
  /** The record was not sent because its transaction was aborted. */
  | 'TRANSACTION_ABORTED'
  /** No coordinator told the outcome of a commit within `transactionTimeoutMs`: it is unknown. */
  | 'COMMIT_TIMEOUT';

export interface ErrorDetails {
  /** Whether the same call may succeed when made again. Default: known from the code. */
  retriable?: boolean;
  /** Whether the producer is of no further use and must be replaced. Default false. */
  fatal?: boolean;
  /** Whether the transaction must be aborted. Default false. */
  abortable?: boolean;
  cause?: unknown;
}

/** What every error of this library is an instance of. */
export class MillraceError extends Error {
  readonly code: string;
  readonly retriable: boolean;
  /** Whether the transaction it happened in can only be aborted; after that the producer may begin another. */
  readonly abortable: boolean;
  /** Whether the producer is of no further use and must be replaced. */
  readonly fatal: boolean;

  constructor(message: string, code: OwnCode | (string & {}), details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retriable = details.retriable ?? RETRIABLE_NAMES.has(code);
    this.abortable = details.abortable ?? false;
    this.fatal = details.fatal ?? false;
  }

  override get name(): string {
    return this.constructor.name;
  }

  /** As of any error, it may be set. */
  override set name(name: string) {
    Object.defineProperty(this, 'name', { value: name, writable: true, configurable: true });
  }
}

/** Thrown by the constructor: the message names the option, what was expected and what came. */
export class ConfigError extends MillraceError {
  constructor(message: string, cause?: unknown) {
    super(message, 'INVALID_CONFIG', { cause });
  }
}

/** No broker could be reached, or none let us in. `cause` is the last thing a broker connection reported. */
export class ConnectionError extends MillraceError {}

/** What a record was waiting for when its time ran out. */
export type TimeoutStage =
  /** What its serializer had promised, for `maxBlockMs`. */
  | 'serializer'
  /** Its topic's partitions, for `maxBlockMs`. */
  | 'metadata'
  /** Room in the buffer, for `maxBlockMs`. */
  | 'buffer'
  /** A connection to the broker. */
  | 'connection'
  /** A leader of its partition. */
  | 'leader'
  /** Its turn, behind other records or between retries. */
  | 'queue'
  /** It was sent, and the connection was lost before an answer came. */
  | 'network'
  /** It was sent, and the broker did not answer in time. */
  | 'answer';

/** Milliseconds that a record spent at each place. */
export interface RecordWaits {
  /** For its serializers' promises, and for those of records before it. */
  serializerMs: number;
  metadataMs: number;
  bufferMs: number;
  /** From the hand-over to librdkafka on. */
  deliveryMs: number;
}

export interface RecordErrorDetails extends ErrorDetails {
  topic?: string;
  partition?: number;
  index?: number;
  persisted?: 'no' | 'possibly';
  /** What of the record was at fault. */
  field?: RecordField;
  timedOutIn?: TimeoutStage;
  waited?: RecordWaits;
}

export type RecordField = 'topic' | 'key' | 'value' | 'partition' | 'timestamp' | 'headers';

/** One record was not delivered. */
export class RecordError extends MillraceError {
  readonly topic: string | undefined;
  /** The partition it was meant for, when one was known. */
  readonly partition: number | undefined;
  /** Its place in the batch; 0 for a single send. */
  readonly index: number;
  /** Whether a broker may have stored it all the same. 'no': certainly not, it may be sent again. */
  readonly persisted: 'no' | 'possibly';
  /** What of the record could not be serialized or produced, where it was one of its fields. */
  readonly field: RecordField | undefined;
  /** Of a timeout: what it was waiting for at the end. */
  readonly timedOutIn: TimeoutStage | undefined;
  /** Of a timeout: where its time went. */
  readonly waited: RecordWaits | undefined;

  constructor(message: string, code: OwnCode | (string & {}), details: RecordErrorDetails = {}) {
    super(message, code, details);
    this.field = details.field;
    this.timedOutIn = details.timedOutIn;
    this.waited = details.waited;
    this.topic = details.topic;
    this.partition = details.partition;
    this.index = details.index ?? 0;
    this.persisted = details.persisted ?? 'no';
  }

  /** The same error for the record at another index. */
  at(index: number): RecordError {
    return this.#with({ index }, renumbered(this.message, index));
  }

  /** @internal The same error for a record that has waited so long. */
  after(waited: RecordWaits): RecordError {
    return this.#with({ waited });
  }

  #with(details: RecordErrorDetails, message = this.message): RecordError {
    return withoutStack(
      () => new RecordError(message, this.code, { ...this, cause: this.cause, ...details }),
    );
  }
}

/** The message of a record's error, for the record at another index. */
export function renumbered(message: string, index: number): string {
  return message.replace(/^record \d+/, `record ${index}`);
}

/**
 * Makes an error that is born in a callback: it has no caller to show, and there may be a hundred thousand at once.
 * Measured, capturing the stack takes nine tenths of the time.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error;
  // Not where Error is frozen.
  if (!Reflect.set(Error, 'stackTraceLimit', 0)) return make();
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

/** Some records of a `sendBatch` were not delivered; the others were. */
export class BatchError extends MillraceError {
  /** One for each record that failed, by index. */
  declare readonly errors: readonly RecordError[];
  /** Partition, offset and timestamp of those that were delivered. */
  declare readonly result: BatchResult;

  /** @param code PRODUCER_CLOSED where that is why all of them failed, at once */
  constructor(
    errors: readonly RecordError[],
    result: BatchResult,
    code: 'BATCH_FAILED' | 'PRODUCER_CLOSED' = 'BATCH_FAILED',
  ) {
    super(`${errors.length} of ${result.count} records failed; the first: ${errors[0].message}`, code, {
      retriable: errors.every((error) => error.retriable),
      cause: errors[0],
    });
    // Not enumerable: a log line with a thousand errors helps nobody, and the cause is the first of them.
    Object.defineProperties(this, { errors: { value: errors }, result: { value: result } });
  }
}

interface KafkaErrorName {
  name: string;
  description: string;
}

/** librdkafka's table of its own (negative) and the brokers' error codes. */
const BY_CODE: ReadonlyMap<number, KafkaErrorName> = new Map(
  addon.errorDescriptions().map(([code, name, description]) => [code, { name, description }]),
);

// Kafka's protocol guide marks the brokers' errors retriable; the rest are librdkafka's own of that kind, and ours.
const RETRIABLE_NAMES: ReadonlySet<string> = new Set([
  'CORRUPT_MESSAGE',
  'INVALID_MSG',
  'UNKNOWN_TOPIC_OR_PART',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REQUEST_TIMED_OUT',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'CONCURRENT_TRANSACTIONS',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'THROTTLING_QUOTA_EXCEEDED',
  '_TRANSPORT',
  '_RESOLVE',
  '_MSG_TIMED_OUT',
  '_TIMED_OUT',
  '_TIMED_OUT_QUEUE',
  '_ALL_BROKERS_DOWN',
  '_QUEUE_FULL',
  '_INVALID_DIFFERENT_RECORD',
  'SERIALIZATION_TIMEOUT',
  'BUFFER_TIMEOUT',
  'METADATA_TIMEOUT',
  'CONNECTION_FAILED',
  'COMMIT_TIMEOUT',
]);

/** What brokers call a record that they will not take, for what is in it. */
export const CONTENT_REFUSALS: readonly string[] = [
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'MSG_SIZE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
];

/** Whether an error of this name is of a kind that time cures. */
export function mayPassByItself(code: string): boolean {
  return RETRIABLE_NAMES.has(code);
}

export function kafkaErrorName(code: number): string {
  return BY_CODE.get(code)?.name ?? `ERROR_${code}`;
}

export function kafkaErrorDescription(code: number): string {
  return BY_CODE.get(code)?.description ?? `error ${code}`;
}

/** The code of a name that `kafkaErrorName` gives, or undefined. */
export function kafkaErrorCode(name: string): number | undefined {
  for (const [code, known] of BY_CODE) if (known.name === name) return code;
  return undefined;
}

/** How a value looks in a message: its type, and itself when that is short. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    return value.length <= 60
      ? `the string ${JSON.stringify(value)}`
      : `a string of ${value.length} characters`;
  }
  if (typeof value === 'number' || typeof value === 'bigint') return `the ${typeof value} ${value}`;
  if (typeof value === 'object') {
    try {
      return `an object (${value.constructor?.name ?? 'without prototype'})`;
    } catch {
      return 'an object';
    }
  }
  return `a ${typeof value}`;
}

/** What was thrown, in words: anything may be, even what cannot be made a string. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return describeValue(thrown);
  }
}
