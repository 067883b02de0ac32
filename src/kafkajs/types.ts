// What kafkajs's callers hand in and get back: the producing side, in kafkajs's names.
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { CompressionTypes, logLevel } from './enums';

export type BrokersFunction = () => string[] | Promise<string[]>;

export interface OauthbearerProviderResponse {
  /** The token. Its lifetime is read from its `exp` claim when it is a JWT; otherwise it counts as 5 minutes. */
  value: string;
}

type SASLMechanismOptionsMap = {
  plain: { username: string; password: string };
  'scram-sha-256': { username: string; password: string };
  'scram-sha-512': { username: string; password: string };
  aws: {
    authorizationIdentity: string;
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken?: string;
  };
  oauthbearer: { oauthBearerProvider: () => Promise<OauthbearerProviderResponse> };
};

export type SASLMechanism = keyof SASLMechanismOptionsMap;
type SASLMechanismOptions<T> = T extends SASLMechanism
  ? { mechanism: T } & SASLMechanismOptionsMap[T]
  : never;
export type SASLOptions = SASLMechanismOptions<SASLMechanism>;

export type Authenticator = { authenticate: () => Promise<void> };

export type SaslAuthenticateArgs<ParseResult> = {
  request: { encode: () => Buffer | Promise<Buffer> };
  response?: {
    decode: (rawResponse: Buffer) => Buffer | Promise<Buffer>;
    parse: (data: Buffer) => ParseResult;
  };
};

export type AuthenticationProviderArgs = {
  host: string;
  port: number;
  logger: Logger;
  // biome-ignore lint/suspicious/noConfusingVoidType: kafkajs's own signature
  saslAuthenticate: <ParseResult>(args: SaslAuthenticateArgs<ParseResult>) => Promise<ParseResult | void>;
};

/** A SASL mechanism of one's own: for `consumer()` and `admin()` only. */
export type Mechanism = {
  mechanism: string;
  authenticationProvider: (args: AuthenticationProviderArgs) => Authenticator;
};

export interface ISocketFactoryArgs {
  host: string;
  port: number;
  ssl: ConnectionOptions;
  onConnect: () => void;
}

export type ISocketFactory = (args: ISocketFactoryArgs) => Socket;

export interface RetryOptions {
  /** Longest pause between two attempts. Default 30,000 ms. */
  maxRetryTime?: number;
  /** First pause, doubled each time. Default 300 ms. */
  initialRetryTime?: number;
  /** Jitter. librdkafka's is fixed at 0.2, kafkajs's default. */
  factor?: number;
  /** Growth of the pause. librdkafka's is fixed at 2, kafkajs's default. */
  multiplier?: number;
  /** Attempts after the first. Default 5. */
  retries?: number;
  /** Of consumers. */
  restartOnFailure?: (e: Error) => Promise<boolean>;
}

/** docs/kafkajs.md tells what becomes of each option. */
export interface KafkaConfig {
  brokers: string[] | BrokersFunction;
  ssl?: ConnectionOptions | boolean;
  sasl?: SASLOptions | Mechanism;
  /** Default 'kafkajs': quotas and logs go on knowing the application by it. */
  clientId?: string;
  /** For a TCP connection. Default 1,000 ms. */
  connectionTimeout?: number;
  /** For the SASL exchange, in addition. Default 10,000 ms. */
  authenticationTimeout?: number;
  reauthenticationThreshold?: number;
  /** For a broker's answer. Default 30,000 ms. */
  requestTimeout?: number;
  enforceRequestTimeout?: boolean;
  retry?: RetryOptions;
  /** For `consumer()` and `admin()` only: `producer()` throws. */
  socketFactory?: ISocketFactory;
  /** Default INFO. */
  logLevel?: logLevel;
  logCreator?: logCreator;
}

export interface ProducerConfig {
  createPartitioner?: ICustomPartitioner;
  /** Over `KafkaConfig.retry`, field by field. */
  retry?: RetryOptions;
  /** Default 300,000 ms. */
  metadataMaxAge?: number;
  /** Default true. */
  allowAutoTopicCreation?: boolean;
  /**
   * Not set, sends with acks -1 are idempotent all the same: a retry never doubles or reorders what was sent. `false`
   * turns that off; `true` refuses other acks.
   */
  idempotent?: boolean;
  transactionalId?: string;
  /** Default 60,000 ms. */
  transactionTimeout?: number;
  /** Not in kafkajs: how transactions are compressed, where a call cannot choose. Default None. */
  transactionCompression?: CompressionTypes;
  maxInFlightRequests?: number;
}

export interface Message {
  key?: Buffer | string | null;
  /** null is a tombstone; leaving it out is an error. */
  value: Buffer | string | null;
  partition?: number;
  headers?: IHeaders;
  /** Milliseconds since the epoch, in digits. */
  timestamp?: string;
}

export interface IHeaders {
  [key: string]: Buffer | string | (Buffer | string)[] | undefined;
}

export type PartitionMetadata = {
  partitionErrorCode: number;
  partitionId: number;
  leader: number;
  replicas: number[];
  isr: number[];
  offlineReplicas?: number[];
};

export interface PartitionerArgs {
  topic: string;
  partitionMetadata: PartitionMetadata[];
  message: Message;
}

export type ICustomPartitioner = () => (args: PartitionerArgs) => number;
export type DefaultPartitioner = ICustomPartitioner;
export type LegacyPartitioner = ICustomPartitioner;

export interface ProducerRecord {
  topic: string;
  messages: Message[];
  /** -1 all in-sync replicas (default), 1 the leader, 0 nobody. */
  acks?: number;
  /** How long the broker may wait for the replicas. Default 30,000 ms. */
  timeout?: number;
  /** Default None. */
  compression?: CompressionTypes;
}

export interface TopicMessages {
  topic: string;
  messages: Message[];
}

export interface ProducerBatch {
  acks?: number;
  timeout?: number;
  compression?: CompressionTypes;
  topicMessages?: TopicMessages[];
}

/** One for each partition that messages went to. */
export type RecordMetadata = {
  topicName: string;
  partition: number;
  /** 0: a failed send rejects. */
  errorCode: number;
  offset?: string;
  timestamp?: string;
  /** Of the call's first message in this partition. */
  baseOffset?: string;
  /** Milliseconds since the epoch when the topic's timestamps are LogAppendTime, else '-1'. */
  logAppendTime?: string;
  /** Always '0': librdkafka does not tell it. */
  logStartOffset?: string;
};

export interface PartitionOffset {
  partition: number;
  offset: string;
}

export interface TopicOffsets {
  topic: string;
  partitions: PartitionOffset[];
}

export interface Offsets {
  topics: TopicOffsets[];
}

interface Sender {
  send(record: ProducerRecord): Promise<RecordMetadata[]>;
  sendBatch(batch: ProducerBatch): Promise<RecordMetadata[]>;
}

export type Transaction = Sender & {
  sendOffsets(offsets: Offsets & { consumerGroupId: string }): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
  isActive(): boolean;
};

export type ProducerEvents = {
  CONNECT: 'producer.connect';
  DISCONNECT: 'producer.disconnect';
  REQUEST: 'producer.network.request';
  REQUEST_TIMEOUT: 'producer.network.request_timeout';
  REQUEST_QUEUE_SIZE: 'producer.network.request_queue_size';
};

export interface InstrumentationEvent<T> {
  id: string;
  type: string;
  /** Milliseconds since the epoch. */
  timestamp: number;
  payload: T;
}

export type RemoveInstrumentationEventListener<_T> = () => void;

export type ConnectEvent = InstrumentationEvent<null>;
export type DisconnectEvent = InstrumentationEvent<null>;

type Request = {
  apiKey: number;
  apiName: string;
  apiVersion: number;
  /** `host:port` */
  broker: string;
  clientId: string;
  correlationId: number;
  /** Milliseconds since the epoch, as `sentAt`. */
  createdAt: number;
  pendingDuration: number;
  sentAt: number;
};

export type RequestEvent = InstrumentationEvent<
  Request & {
    /** From sending to the answer, in ms. */
    duration: number;
    /** Of the answer, in bytes. */
    size: number;
  }
>;
export type RequestTimeoutEvent = InstrumentationEvent<Request>;
export type RequestQueueSizeEvent = InstrumentationEvent<{
  broker: string;
  clientId: string;
  queueSize: number;
}>;

export type Producer = Sender & {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isIdempotent(): boolean;
  readonly events: ProducerEvents;
  on(
    eventName: ProducerEvents['CONNECT'],
    listener: (event: ConnectEvent) => void,
  ): RemoveInstrumentationEventListener<typeof eventName>;
  on(
    eventName: ProducerEvents['DISCONNECT'],
    listener: (event: DisconnectEvent) => void,
  ): RemoveInstrumentationEventListener<typeof eventName>;
  on(
    eventName: ProducerEvents['REQUEST'],
    listener: (event: RequestEvent) => void,
  ): RemoveInstrumentationEventListener<typeof eventName>;
  on(
    eventName: ProducerEvents['REQUEST_QUEUE_SIZE'],
    listener: (event: RequestQueueSizeEvent) => void,
  ): RemoveInstrumentationEventListener<typeof eventName>;
  on(
    eventName: ProducerEvents['REQUEST_TIMEOUT'],
    listener: (event: RequestTimeoutEvent) => void,
  ): RemoveInstrumentationEventListener<typeof eventName>;
  on(
    eventName: ProducerEvents[keyof ProducerEvents],
    // biome-ignore lint/suspicious/noExplicitAny: kafkajs's own signature, for a listener of several events
    listener: (event: InstrumentationEvent<any>) => void,
  ): RemoveInstrumentationEventListener<typeof eventName>;
  transaction(): Promise<Transaction>;
  logger(): Logger;
};

export interface LoggerEntryContent {
  readonly timestamp: string;
  readonly message: string;
  // biome-ignore lint/suspicious/noExplicitAny: kafkajs's own signature
  [key: string]: any;
}

export interface LogEntry {
  namespace: string;
  level: logLevel;
  label: string;
  log: LoggerEntryContent;
}

export type logCreator = (logLevel: logLevel) => (entry: LogEntry) => void;

export type Logger = {
  info: (message: string, extra?: object) => void;
  error: (message: string, extra?: object) => void;
  warn: (message: string, extra?: object) => void;
  debug: (message: string, extra?: object) => void;
  namespace: (namespace: string, logLevel?: logLevel) => Logger;
  setLogLevel: (logLevel: logLevel) => void;
};
