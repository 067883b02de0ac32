// One table of options that validation, the mapping to librdkafka and the documentation read.
import { KEYLESS_PARTITIONINGS, PARTITIONER_NAMES } from '../partition/partitioner';
import type { ProducerOptions } from './producer-options';

export type OptionRule =
  | { kind: 'integer' | 'number'; min: number; max: number; unit: 'ms' | 'bytes' | '' }
  | { kind: 'choice'; choices: readonly (string | number)[] }
  | {
      kind:
        | 'boolean'
        | 'string'
        | 'servers'
        | 'serializer'
        | 'partitioner'
        | 'topics'
        | 'ssl'
        | 'sasl'
        | 'properties';
    };

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
  /** The Java producer's default, where ours is another. */
  javaDefault?: unknown;
  /** kafkajs's name, of an option of the client, of the producer or of `send`. */
  kafkajs?: string;
  /** What it is for, in one line of Markdown. */
  summary: string;
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
    kafkajs: 'brokers',
    summary: '`host:port` of one or more brokers, to find the others by; required',
  },
  {
    name: 'clientId',
    rule: { kind: 'string' },
    default: 'millrace',
    property: 'client.id',
    java: 'client.id',
    javaDefault: '',
    kafkajs: 'clientId',
    summary: "how this client appears in brokers' logs and quotas",
  },
  {
    name: 'acks',
    rule: { kind: 'choice', choices: ['all', -1, 0, 1] },
    default: 'all',
    property: 'acks',
    aliases: ['request.required.acks'],
    java: 'acks',
    kafkajs: 'acks (of send)',
    summary: 'who must have stored a record: all in-sync replicas, the leader (1), nobody (0)',
  },
  {
    name: 'compression',
    rule: { kind: 'choice', choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
    default: 'none',
    property: 'compression.type',
    aliases: ['compression.codec'],
    java: 'compression.type',
    kafkajs: 'compression (of send)',
    summary: 'how requests are compressed',
  },
  {
    name: 'compressionLevel',
    rule: integer(0, 12),
    property: 'compression.level',
    java: 'compression.gzip.level, compression.lz4.level, compression.zstd.level',
    summary: "how hard the codec tries: gzip 0 to 9, lz4 0 to 12, zstd 1 to 12; without: the codec's default",
  },
  {
    name: 'enableIdempotence',
    rule: { kind: 'boolean' },
    default: true,
    property: 'enable.idempotence',
    java: 'enable.idempotence',
    kafkajs: 'idempotent',
    summary: 'retries neither duplicate nor reorder records',
  },
  {
    name: 'retries',
    rule: integer(0, MAX_INT),
    default: MAX_INT,
    property: 'retries',
    aliases: ['message.send.max.retries'],
    java: 'retries',
    kafkajs: 'retry.retries',
    summary: 'how often a request is tried again; `deliveryTimeoutMs` usually ends that sooner',
  },
  {
    name: 'maxInFlightRequests',
    rule: integer(1, 1000000),
    default: 5,
    property: 'max.in.flight.requests.per.connection',
    aliases: ['max.in.flight'],
    java: 'max.in.flight.requests.per.connection',
    kafkajs: 'maxInFlightRequests',
    summary: 'requests in flight to one broker; with idempotence 5 at most',
  },
  {
    name: 'retryBackoffMs',
    rule: integer(1, 300000, 'ms'),
    default: 100,
    property: 'retry.backoff.ms',
    java: 'retry.backoff.ms',
    kafkajs: 'retry.initialRetryTime',
    summary: 'first pause before a retry, doubled each time, with jitter',
  },
  {
    name: 'retryBackoffMaxMs',
    rule: integer(1, 300000, 'ms'),
    default: 1000,
    property: 'retry.backoff.max.ms',
    java: 'retry.backoff.max.ms',
    kafkajs: 'retry.maxRetryTime',
    summary: 'longest pause before a retry',
  },
  {
    name: 'reconnectBackoffMs',
    rule: integer(0, 3600000, 'ms'),
    default: 50,
    property: 'reconnect.backoff.ms',
    java: 'reconnect.backoff.ms',
    summary: 'first pause before connecting to a broker again, doubled each time, with jitter',
  },
  {
    name: 'reconnectBackoffMaxMs',
    rule: integer(0, 3600000, 'ms'),
    default: 1000,
    property: 'reconnect.backoff.max.ms',
    java: 'reconnect.backoff.max.ms',
    summary: 'longest pause before connecting again',
  },
  {
    name: 'lingerMs',
    rule: { kind: 'number', min: 0, max: 900000, unit: 'ms' },
    default: 0,
    property: 'linger.ms',
    aliases: ['queue.buffering.max.ms'],
    java: 'linger.ms',
    javaDefault: 5,
    summary: "how long a partition's records wait for more, to share a request; frames batch already",
  },
  {
    name: 'batchSize',
    rule: integer(1, MAX_INT, 'bytes'),
    default: 1000000,
    property: 'batch.size',
    java: 'batch.size',
    javaDefault: 16384,
    summary: 'bytes of records in one request to one partition; a frame should not be cut up',
  },
  {
    name: 'maxRequestSize',
    rule: integer(1000, 1000000000, 'bytes'),
    default: 1048576,
    property: 'message.max.bytes',
    java: 'max.request.size',
    summary:
      "largest record, 36 bytes around its key, value and headers included; the broker's message.max.bytes counts too",
  },
  {
    name: 'requestTimeoutMs',
    rule: integer(1, 900000, 'ms'),
    default: 30000,
    property: 'request.timeout.ms',
    java: 'request.timeout.ms',
    kafkajs: 'requestTimeout',
    summary: 'how long a broker may take to answer; librdkafka itself waits from 10 ms to 300 s',
  },
  {
    name: 'deliveryTimeoutMs',
    rule: integer(1, MAX_INT, 'ms'),
    default: 120000,
    property: 'delivery.timeout.ms',
    aliases: ['message.timeout.ms'],
    java: 'delivery.timeout.ms',
    summary: 'from acceptance to outcome, retries included',
  },
  {
    name: 'bufferMemory',
    rule: integer(4096, 2 ** 40, 'bytes'),
    default: 33554432,
    java: 'buffer.memory',
    summary: 'bytes of unacknowledged records the producer holds; when full, sends wait',
  },
  {
    name: 'topicBufferShare',
    rule: { kind: 'number', min: 0, max: 1, unit: '' },
    default: 0.5,
    summary:
      'part of `bufferMemory` that one topic may hold of what others leave, so that a bad one leaves room; an only topic may hold more once it is acknowledged',
  },
  {
    name: 'maxBlockMs',
    rule: integer(0, MAX_INT, 'ms'),
    default: 60000,
    java: 'max.block.ms',
    summary:
      "how long a send waits for its serializers' promises, for its topic's partitions, and for room in the buffer, each",
  },
  {
    name: 'metadataMaxAgeMs',
    rule: integer(10, 3600000, 'ms'),
    default: 300000,
    property: 'topic.metadata.refresh.interval.ms',
    java: 'metadata.max.age.ms',
    kafkajs: 'metadataMaxAge',
    summary: 'how often partitions and leaders are looked up without need',
  },
  {
    name: 'connectionsMaxIdleMs',
    rule: integer(0, MAX_INT, 'ms'),
    default: 540000,
    property: 'connections.max.idle.ms',
    java: 'connections.max.idle.ms',
    summary: 'idle connections are closed after this time; 0: never',
  },
  {
    name: 'connectTimeoutMs',
    rule: integer(1, MAX_INT, 'ms'),
    default: 30000,
    summary: 'how long `connect()` tries',
  },
  {
    name: 'transactionalId',
    rule: { kind: 'string' },
    property: 'transactional.id',
    java: 'transactional.id',
    kafkajs: 'transactionalId',
    summary: 'makes the producer transactional; one id for each instance that runs at the same time',
  },
  {
    name: 'transactionTimeoutMs',
    // librdkafka adds 100 to it.
    rule: integer(1000, MAX_INT - 100, 'ms'),
    default: 60000,
    property: 'transaction.timeout.ms',
    java: 'transaction.timeout.ms',
    kafkajs: 'transactionTimeout',
    summary: 'how long a transaction may stay open before the brokers abort it',
  },
  {
    name: 'keySerializer',
    rule: { kind: 'serializer' },
    java: 'key.serializer',
    summary: 'how keys become bytes; without: strings, bytes or null',
  },
  {
    name: 'valueSerializer',
    rule: { kind: 'serializer' },
    java: 'value.serializer',
    summary: 'how values become bytes; without: strings, bytes or null',
  },
  {
    name: 'ssl',
    rule: { kind: 'ssl' },
    java: 'security.protocol, ssl.*',
    kafkajs: 'ssl',
    summary:
      'TLS: true, or `{ ca, cert, key, passphrase, rejectUnauthorized, verifyHostname }`; on by itself with `sasl`',
  },
  {
    name: 'sasl',
    rule: { kind: 'sasl' },
    java: 'sasl.*',
    kafkajs: 'sasl',
    summary:
      'who we are: `{ mechanism, username, password }`, or `{ mechanism, oauthBearerProvider }` for OAUTHBEARER',
  },
  {
    name: 'partitioner',
    rule: { kind: 'partitioner' },
    default: PARTITIONER_NAMES[0],
    aliases: ['partitioner'],
    java: 'partitioner.class',
    kafkajs: 'createPartitioner',
    summary: "who chooses a record's partition: a name, or the caller's own function, object or class",
  },
  {
    name: 'keylessPartitioning',
    rule: { kind: 'choice', choices: KEYLESS_PARTITIONINGS },
    default: 'round-robin',
    javaDefault: 'sticky',
    summary: 'where `murmur2` puts records without a key',
  },
  {
    name: 'onPartitionGrowth',
    rule: { kind: 'choice', choices: ['adopt', 'freeze', 'fail'] },
    default: 'adopt',
    summary: 'what becomes of keys when a topic gets more partitions',
  },
  {
    name: 'onPoison',
    rule: { kind: 'choice', choices: ['resend', 'fail'] },
    default: 'resend',
    summary: 'what becomes of records that shared a request with one that the broker refused',
  },
  {
    name: 'topics',
    rule: { kind: 'topics' },
    default: {},
    summary: 'serializers and partitioners of single topics',
  },
  {
    name: 'librdkafka',
    rule: { kind: 'properties' },
    default: {},
    summary: 'any other librdkafka property, by its own name',
  },
];
