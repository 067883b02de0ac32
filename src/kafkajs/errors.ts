// The error family that programs written for kafkajs look for: its names, its chains, its fields.
import type { PartitionMetadata } from './types';

export interface KafkaJSErrorMetadata {
  /** Whether the same call may succeed when made again. Default true. */
  retriable?: boolean;
  cause?: unknown;
  topic?: string;
  partitionId?: number;
  metadata?: PartitionMetadata;
}

/** What an error may be made from: its text, or another error that lends it its message and help. */
export type ErrorSource = string | (Error & { helpUrl?: string });

// An application's consumers are kafkajs's own and throw kafkajs's own errors. `error instanceof KafkaJSError` has to
// hold for those too, so a class recognizes its namesake. A subclass of the program's own recognizes itself alone.
function isNamesake(type: { name: string }, value: unknown): boolean {
  if (!(value instanceof Error)) return false;
  const isOfFamily = type.name.startsWith('KafkaJS');
  for (let proto = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (proto.constructor === type) return true;
    if (isOfFamily && proto.constructor?.name === type.name) return true;
  }
  return false;
}

export class KafkaJSError extends Error {
  override name = 'KafkaJSError';
  readonly retriable: boolean;
  readonly helpUrl?: string;
  declare readonly cause?: Error;

  constructor(e: ErrorSource, { retriable = true, cause }: KafkaJSErrorMetadata = {}) {
    super(typeof e === 'string' ? e : e.message, { cause });
    this.retriable = retriable;
    this.helpUrl = typeof e === 'string' ? undefined : e.helpUrl;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: each class of the family asks for itself
    return isNamesake(this, value);
  }
}

export class KafkaJSNonRetriableError extends KafkaJSError {
  override name = 'KafkaJSNonRetriableError';

  constructor(e: ErrorSource, { cause }: { cause?: unknown } = {}) {
    super(e, { retriable: false, cause });
  }
}

/** What a broker answered: Kafka's error `code` and its name, `type`. */
export interface ProtocolErrorSource {
  message: string;
  type?: string;
  code?: number;
  retriable?: boolean;
  helpUrl?: string;
}

export class KafkaJSProtocolError extends KafkaJSError {
  override name = 'KafkaJSProtocolError';
  readonly type: string;
  readonly code: number;

  constructor(e: string | ProtocolErrorSource, details: { retriable?: boolean; cause?: unknown } = {}) {
    const source = typeof e === 'string' ? { message: e } : e;
    super(source as Error, { retriable: details.retriable ?? source.retriable, cause: details.cause });
    this.type = source.type as string;
    this.code = source.code as number;
  }
}

export interface KafkaJSOffsetOutOfRangeMetadata {
  topic: string;
  partition: number;
}

export class KafkaJSOffsetOutOfRange extends KafkaJSProtocolError {
  override name = 'KafkaJSOffsetOutOfRange';
  readonly topic: string;
  readonly partition: number;

  constructor(e: string | ProtocolErrorSource, { topic, partition }: KafkaJSOffsetOutOfRangeMetadata) {
    super(e);
    this.topic = topic;
    this.partition = partition;
  }
}

export class KafkaJSMemberIdRequired extends KafkaJSProtocolError {
  override name = 'KafkaJSMemberIdRequired';
  readonly memberId: string;

  constructor(e: string | ProtocolErrorSource, { memberId }: { memberId: string }) {
    super(e);
    this.memberId = memberId;
  }
}

export class KafkaJSCreateTopicError extends KafkaJSProtocolError {
  override name = 'KafkaJSCreateTopicError';
  readonly topic: string;

  constructor(e: string | ProtocolErrorSource, topicName: string) {
    super(e);
    this.topic = topicName;
  }
}

export class KafkaJSAlterPartitionReassignmentsError extends KafkaJSProtocolError {
  override name = 'KafkaJSAlterPartitionReassignmentsError';
  readonly topic?: string;
  readonly partition?: number;

  constructor(e: string | ProtocolErrorSource, topicName?: string, partition?: number) {
    super(e);
    this.topic = topicName;
    this.partition = partition;
  }
}

export interface KafkaJSNumberOfRetriesExceededMetadata {
  retryCount: number;
  retryTime: number;
}

/** Every attempt failed; `cause` is why the last one did. */
export class KafkaJSNumberOfRetriesExceeded extends KafkaJSNonRetriableError {
  override name = 'KafkaJSNumberOfRetriesExceeded';
  readonly retryCount: number;
  /** Milliseconds of the last pause between two attempts. */
  readonly retryTime: number;

  constructor(
    e: Error | string,
    { retryCount, retryTime }: Partial<KafkaJSNumberOfRetriesExceededMetadata> = {},
  ) {
    super(e, { cause: e });
    this.stack = `${this.name}\n  Caused by: ${typeof e === 'string' ? e : e.stack}`;
    this.retryCount = retryCount as number;
    this.retryTime = retryTime as number;
  }
}

export interface KafkaJSConnectionErrorMetadata {
  broker?: string;
  code?: string;
  cause?: unknown;
}

export class KafkaJSConnectionError extends KafkaJSError {
  override name = 'KafkaJSConnectionError';
  readonly broker: string;
  readonly code?: string;

  constructor(e: ErrorSource, { broker, code, cause }: KafkaJSConnectionErrorMetadata = {}) {
    super(e, { cause });
    this.broker = broker as string;
    this.code = code;
  }
}

export class KafkaJSConnectionClosedError extends KafkaJSConnectionError {
  override name = 'KafkaJSConnectionClosedError';
  readonly host?: string;
  readonly port?: number;

  constructor(e: ErrorSource, { host, port }: { host?: string; port?: number } = {}) {
    super(e, { broker: `${host}:${port}` });
    this.host = host;
    this.port = port;
  }
}

export interface KafkaJSRequestTimeoutErrorMetadata {
  broker: string;
  clientId: string;
  correlationId: number;
  createdAt: number;
  sentAt: number;
  pendingDuration: number;
}

export class KafkaJSRequestTimeoutError extends KafkaJSError {
  override name = 'KafkaJSRequestTimeoutError';
  readonly broker: string;
  readonly correlationId: number;
  readonly createdAt: number;
  readonly sentAt: number;
  readonly pendingDuration: number;

  constructor(e: ErrorSource, metadata: Partial<KafkaJSRequestTimeoutErrorMetadata> = {}) {
    super(e);
    const { broker, correlationId, createdAt, sentAt, pendingDuration } = metadata;
    this.broker = broker as string;
    this.correlationId = correlationId as number;
    this.createdAt = createdAt as number;
    this.sentAt = sentAt as number;
    this.pendingDuration = pendingDuration as number;
  }
}

export class KafkaJSMetadataNotLoaded extends KafkaJSError {
  override name = 'KafkaJSMetadataNotLoaded';
}

export interface KafkaJSTopicMetadataNotLoadedMetadata {
  topic: string;
}

export class KafkaJSTopicMetadataNotLoaded extends KafkaJSMetadataNotLoaded {
  override name = 'KafkaJSTopicMetadataNotLoaded';
  readonly topic: string;

  constructor(e: ErrorSource, { topic }: Partial<KafkaJSTopicMetadataNotLoadedMetadata> = {}) {
    super(e);
    this.topic = topic as string;
  }
}

export interface KafkaJSStaleTopicMetadataAssignmentMetadata {
  topic: string;
  unknownPartitions: PartitionMetadata[];
}

export class KafkaJSStaleTopicMetadataAssignment extends KafkaJSError {
  override name = 'KafkaJSStaleTopicMetadataAssignment';
  readonly topic: string;
  readonly unknownPartitions: PartitionMetadata[];

  constructor(
    e: ErrorSource,
    { topic, unknownPartitions }: Partial<KafkaJSStaleTopicMetadataAssignmentMetadata> = {},
  ) {
    super(e);
    this.topic = topic as string;
    this.unknownPartitions = unknownPartitions as PartitionMetadata[];
  }
}

export interface KafkaJSDeleteGroupsErrorGroups {
  groupId: string;
  errorCode: number;
  error: KafkaJSError;
}

export class KafkaJSDeleteGroupsError extends KafkaJSError {
  override name = 'KafkaJSDeleteGroupsError';
  readonly groups: KafkaJSDeleteGroupsErrorGroups[];

  constructor(e: ErrorSource, groups: KafkaJSDeleteGroupsErrorGroups[] = []) {
    super(e);
    this.groups = groups;
  }
}

export interface KafkaJSServerDoesNotSupportApiKeyMetadata {
  apiKey: number;
  apiName: string;
}

export class KafkaJSServerDoesNotSupportApiKey extends KafkaJSNonRetriableError {
  override name = 'KafkaJSServerDoesNotSupportApiKey';
  readonly apiKey: number;
  readonly apiName: string;

  constructor(e: ErrorSource, { apiKey, apiName }: Partial<KafkaJSServerDoesNotSupportApiKeyMetadata> = {}) {
    super(e);
    this.apiKey = apiKey as number;
    this.apiName = apiName as string;
  }
}

export interface KafkaJSDeleteTopicRecordsErrorPartition {
  partition: number;
  offset: string;
  error: KafkaJSError;
}

export interface KafkaJSDeleteTopicRecordsErrorTopic {
  topic: string;
  partitions: KafkaJSDeleteTopicRecordsErrorPartition[];
}

export class KafkaJSDeleteTopicRecordsError extends KafkaJSError {
  override name = 'KafkaJSDeleteTopicRecordsError';
  readonly partitions: KafkaJSDeleteTopicRecordsErrorPartition[];

  constructor({ partitions }: KafkaJSDeleteTopicRecordsErrorTopic) {
    const failed = partitions.filter(({ error }) => error !== null && error !== undefined);
    super('Error while deleting records', { retriable: failed.every(({ error }) => error.retriable) });
    this.partitions = partitions;
  }
}

export class KafkaJSInvariantViolation extends KafkaJSNonRetriableError {
  override name = 'KafkaJSInvariantViolation';

  constructor(e: ErrorSource) {
    const message = typeof e === 'string' ? e : e.message;
    super(`Invariant violated: ${message}. This is likely a bug and should be reported.`);
  }
}

/** Several errors in one; as in kafkajs, itself no KafkaJSError. */
export class KafkaJSAggregateError extends Error {
  override name = 'KafkaJSAggregateError';
  readonly errors: (Error | string)[];

  constructor(message: Error | string, errors: (Error | string)[]) {
    super(String(message));
    this.errors = errors;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass asks for itself
    return isNamesake(this, value);
  }
}

/** As in kafkajs, itself no KafkaJSError. */
export class KafkaJSFetcherRebalanceError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass asks for itself
    return isNamesake(this, value);
  }
}

export class KafkaJSNoBrokerAvailableError extends KafkaJSError {
  override name = 'KafkaJSNoBrokerAvailableError';

  constructor() {
    super('No broker available');
  }
}

export class KafkaJSBrokerNotFound extends KafkaJSError {
  override name = 'KafkaJSBrokerNotFound';
}

export class KafkaJSPartialMessageError extends KafkaJSNonRetriableError {
  override name = 'KafkaJSPartialMessageError';
}

export class KafkaJSSASLAuthenticationError extends KafkaJSNonRetriableError {
  override name = 'KafkaJSSASLAuthenticationError';
}

export class KafkaJSGroupCoordinatorNotFound extends KafkaJSNonRetriableError {
  override name = 'KafkaJSGroupCoordinatorNotFound';
}

export class KafkaJSNotImplemented extends KafkaJSNonRetriableError {
  override name = 'KafkaJSNotImplemented';
}

export class KafkaJSTimeout extends KafkaJSNonRetriableError {
  override name = 'KafkaJSTimeout';
}

export class KafkaJSLockTimeout extends KafkaJSTimeout {
  override name = 'KafkaJSLockTimeout';
}

export class KafkaJSUnsupportedMagicByteInMessageSet extends KafkaJSNonRetriableError {
  override name = 'KafkaJSUnsupportedMagicByteInMessageSet';
}

export class KafkaJSInvalidVarIntError extends KafkaJSNonRetriableError {
  override name = 'KafkaJSInvalidVarIntError';
}

export class KafkaJSInvalidLongError extends KafkaJSNonRetriableError {
  override name = 'KafkaJSInvalidLongError';
}
