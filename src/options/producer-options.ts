// The producer's options: one table that validation, the mapping to librdkafka and the documentation read.
import type { BytesLike } from '../intake/record';
import type { Serializer } from '../serialize/serializer';

export type Acks = 'all' | -1 | 0 | 1;
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** What an OAUTHBEARER token provider returns. */
export interface OAuthBearerToken {
  value: string;
  /** When it expires: milliseconds since the epoch. */
  lifetimeMs: number;
  /** Default ''. */
  principal?: string;
  /** SASL extensions (KIP-342). */
  extensions?: Record<string, string>;
}

/** Names and defaults are the Java producer's where it has them; differences are said beside each. */
export interface ProducerOptions<K = BytesLike, V = BytesLike> {
  /** `host:port` of one or more brokers: a list, or separated by commas. Required. */
  bootstrapServers: string | readonly string[];
  /** How this client appears in brokers' logs and quotas. Default 'millrace'. */
  clientId?: string;
  /** Who must have stored a record: 'all' in-sync replicas (the same as -1), 1 the leader, 0 nobody. Default 'all'. */
  acks?: Acks;
  /** Default 'none'. */
  compression?: Compression;
  /** Makes retries neither duplicate nor reorder records. Needs acks 'all'. Default true. */
  enableIdempotence?: boolean;
  /** Retries of a request. `deliveryTimeoutMs` usually ends them sooner. Default 2147483647. */
  retries?: number;
  /** Requests in flight to one broker; with idempotence 5 at most. Default 5. */
  maxInFlightRequests?: number;
  /** First pause before a retry, doubled each time, with jitter. Default 100 ms. */
  retryBackoffMs?: number;
  /** Longest pause before a retry. Default 1,000 ms. */
  retryBackoffMaxMs?: number;
  /** First pause before connecting to a broker again, doubled each time, with jitter. Default 50 ms. */
  reconnectBackoffMs?: number;
  /**
   * Longest pause before connecting again. While a broker is unreachable, librdkafka looks for records that have timed
   * out only between attempts: they may fail this much later than they should. Default 1,000 ms.
   */
  reconnectBackoffMaxMs?: number;
  /** How long a partition's records wait for more, to share a request. Default 0 ms (Java 4: 5): frames batch already. */
  lingerMs?: number;
  /** Bytes of records in one request to one partition. Default 1,000,000 (Java: 16,384): a frame should not be cut up. */
  batchSize?: number;
  /** Largest record, in bytes. The broker's message.max.bytes counts too. Default 1,048,576. */
  maxRequestSize?: number;
  /** How long a broker may take to answer. Default 30,000 ms. */
  requestTimeoutMs?: number;
  /** From acceptance to outcome, retries included. librdkafka looks about once a second. Default 120,000 ms. */
  deliveryTimeoutMs?: number;
  /** Bytes of unacknowledged records (with a fixed overhead for each) this producer holds. Default 33,554,432. */
  bufferMemory?: number;
  /** How long a send waits for a full buffer, or for its topic's partitions to be known. Default 60,000 ms. */
  maxBlockMs?: number;
  /** How often partitions and leaders are looked up without need. Default 300,000 ms. */
  metadataMaxAgeMs?: number;
  /** Idle connections are closed after this time. Default 540,000 ms; 0: never. */
  connectionsMaxIdleMs?: number;
  /** How long `connect()` tries. Default 30,000 ms. No Java equivalent. */
  connectTimeoutMs?: number;
  /** Default: keys are strings, bytes or null. */
  keySerializer?: Serializer<K>;
  /** Default: values are strings, bytes or null. */
  valueSerializer?: Serializer<V>;
  /**
   * Makes the producer transactional (KIP-98): see `beginTransaction`. Of all producers with one id only the newest may go
   * on, and it ends what an earlier one left open: one id for each instance that runs at the same time, the same again
   * after its restart. Needs idempotence and acks 'all'.
   */
  transactionalId?: string;
  /**
   * How long a transaction may stay open before the brokers abort it, which fences the producer. Default 60,000 ms; the
   * broker's transaction.max.timeout.ms is the most. deliveryTimeoutMs may not be longer (its default gives way).
   */
  transactionTimeoutMs?: number;
  /** Called for a token with `librdkafka: { 'sasl.mechanisms': 'OAUTHBEARER' }`, at first and before each expiry. */
  oauthBearerProvider?: () => Promise<OAuthBearerToken>;
  /** Any other librdkafka property, by its own name. Those that an option above sets are refused. */
  librdkafka?: Record<string, string | number | boolean>;
}

/** Options after validation, with defaults. */
export type ResolvedOptions<K, V> = Readonly<
  Required<
    Omit<
      ProducerOptions<K, V>,
      'bootstrapServers' | 'keySerializer' | 'valueSerializer' | 'oauthBearerProvider' | 'transactionalId'
    >
  > &
    Pick<
      ProducerOptions<K, V>,
      'keySerializer' | 'valueSerializer' | 'oauthBearerProvider' | 'transactionalId'
    > & {
      bootstrapServers: string;
    }
>;

export type OptionRule =
  | { kind: 'integer' | 'number'; min: number; max: number; unit: 'ms' | 'bytes' | '' }
  | { kind: 'choice'; choices: readonly (string | number)[] }
  | { kind: 'boolean' | 'string' | 'servers' | 'serializer' | 'function' | 'properties' };

export interface OptionRow {
  name: keyof ProducerOptions;
  rule: OptionRule;
  /** undefined: no default (required or absent). */
  default?: unknown;
  /** The librdkafka property it sets, if it sets one as it is. */
  property?: string;
  /** The property's other names in librdkafka. */
  aliases?: readonly string[];
  /** The Java producer's name. */
  java?: string;
}

const MAX_INT = 2147483647;
const integer = (min: number, max: number, unit: 'ms' | 'bytes' | '' = ''): OptionRule => ({
  kind: 'integer',
  min,
  max,
  unit,
});

export const OPTION_TABLE: readonly OptionRow[] = [
  {
    name: 'bootstrapServers',
    rule: { kind: 'servers' },
    property: 'bootstrap.servers',
    aliases: ['metadata.broker.list'],
    java: 'bootstrap.servers',
  },
  {
    name: 'clientId',
    rule: { kind: 'string' },
    default: 'millrace',
    property: 'client.id',
    java: 'client.id',
  },
  {
    name: 'acks',
    rule: { kind: 'choice', choices: ['all', -1, 0, 1] },
    default: 'all',
    property: 'acks',
    aliases: ['request.required.acks'],
    java: 'acks',
  },
  {
    name: 'compression',
    rule: { kind: 'choice', choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
    default: 'none',
    property: 'compression.type',
    aliases: ['compression.codec'],
    java: 'compression.type',
  },
  {
    name: 'enableIdempotence',
    rule: { kind: 'boolean' },
    default: true,
    property: 'enable.idempotence',
    java: 'enable.idempotence',
  },
  {
    name: 'retries',
    rule: integer(0, MAX_INT),
    default: MAX_INT,
    property: 'retries',
    aliases: ['message.send.max.retries'],
    java: 'retries',
  },
  {
    name: 'maxInFlightRequests',
    rule: integer(1, 1000000),
    default: 5,
    property: 'max.in.flight.requests.per.connection',
    aliases: ['max.in.flight'],
    java: 'max.in.flight.requests.per.connection',
  },
  {
    name: 'retryBackoffMs',
    rule: integer(1, 300000, 'ms'),
    default: 100,
    property: 'retry.backoff.ms',
    java: 'retry.backoff.ms',
  },
  {
    name: 'retryBackoffMaxMs',
    rule: integer(1, 300000, 'ms'),
    default: 1000,
    property: 'retry.backoff.max.ms',
    java: 'retry.backoff.max.ms',
  },
  {
    name: 'reconnectBackoffMs',
    rule: integer(0, 3600000, 'ms'),
    default: 50,
    property: 'reconnect.backoff.ms',
    java: 'reconnect.backoff.ms',
  },
  {
    name: 'reconnectBackoffMaxMs',
    rule: integer(0, 3600000, 'ms'),
    default: 1000,
    property: 'reconnect.backoff.max.ms',
    java: 'reconnect.backoff.max.ms',
  },
  {
    name: 'lingerMs',
    rule: { kind: 'number', min: 0, max: 900000, unit: 'ms' },
    default: 0,
    property: 'linger.ms',
    aliases: ['queue.buffering.max.ms'],
    java: 'linger.ms',
  },
  {
    name: 'batchSize',
    rule: integer(1, MAX_INT, 'bytes'),
    default: 1000000,
    property: 'batch.size',
    java: 'batch.size',
  },
  {
    name: 'maxRequestSize',
    rule: integer(1000, 1000000000, 'bytes'),
    default: 1048576,
    property: 'message.max.bytes',
    java: 'max.request.size',
  },
  {
    name: 'requestTimeoutMs',
    rule: integer(1, 900000, 'ms'),
    default: 30000,
    property: 'request.timeout.ms',
    java: 'request.timeout.ms',
  },
  {
    name: 'deliveryTimeoutMs',
    rule: integer(1, MAX_INT, 'ms'),
    default: 120000,
    property: 'delivery.timeout.ms',
    aliases: ['message.timeout.ms'],
    java: 'delivery.timeout.ms',
  },
  { name: 'bufferMemory', rule: integer(4096, 2 ** 40, 'bytes'), default: 33554432, java: 'buffer.memory' },
  { name: 'maxBlockMs', rule: integer(0, MAX_INT, 'ms'), default: 60000, java: 'max.block.ms' },
  {
    name: 'metadataMaxAgeMs',
    rule: integer(10, 3600000, 'ms'),
    default: 300000,
    property: 'topic.metadata.refresh.interval.ms',
    java: 'metadata.max.age.ms',
  },
  {
    name: 'connectionsMaxIdleMs',
    rule: integer(0, MAX_INT, 'ms'),
    default: 540000,
    property: 'connections.max.idle.ms',
    java: 'connections.max.idle.ms',
  },
  { name: 'connectTimeoutMs', rule: integer(1, MAX_INT, 'ms'), default: 30000 },
  {
    name: 'transactionalId',
    rule: { kind: 'string' },
    property: 'transactional.id',
    java: 'transactional.id',
  },
  {
    name: 'transactionTimeoutMs',
    rule: integer(1000, MAX_INT, 'ms'),
    default: 60000,
    property: 'transaction.timeout.ms',
    java: 'transaction.timeout.ms',
  },
  { name: 'keySerializer', rule: { kind: 'serializer' }, java: 'key.serializer' },
  { name: 'valueSerializer', rule: { kind: 'serializer' }, java: 'value.serializer' },
  { name: 'oauthBearerProvider', rule: { kind: 'function' } },
  { name: 'librdkafka', rule: { kind: 'properties' }, default: {} },
];
