// The producer's options as callers write them. What is checked of them, and what they are called elsewhere, is in
// option-table.ts.
import type { BytesLike } from '../intake/record';
import type { KeylessPartitioning, Partitioner } from '../partition/partitioner';
import type { Serializer } from '../serialize/serializer';
import type { SaslOptions, SslOptions } from './security';

export type Acks = 'all' | -1 | 0 | 1;
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export type OnPartitionGrowth = 'adopt' | 'freeze' | 'fail';
export type OnPoison = 'resend' | 'fail';

/** What may differ from topic to topic. What is left out is as the producer has it. */
export interface TopicOptions<K = BytesLike, V = BytesLike> {
  keySerializer?: Serializer<K> | undefined;
  valueSerializer?: Serializer<V> | undefined;
  partitioner?: Partitioner<K, V> | undefined;
  keylessPartitioning?: KeylessPartitioning | undefined;
}

/** Names and defaults are the Java producer's where it has them; differences are said beside each. */
export interface ProducerOptions<K = BytesLike, V = BytesLike> {
  /** `host:port` of one or more brokers: a list, or separated by commas. Required. */
  bootstrapServers: string | readonly string[];
  /** How this client appears in brokers' logs and quotas. Default 'millrace'. */
  clientId?: string | undefined;
  /** Who must have stored a record: 'all' in-sync replicas (the same as -1), 1 the leader, 0 nobody. Default 'all'. */
  acks?: Acks | undefined;
  /** Default 'none'. */
  compression?: Compression | undefined;
  /**
   * How hard the codec tries: gzip 0 to 9, lz4 0 to 12, zstd 1 to 12 (librdkafka takes no more). Default: the codec's
   * own (gzip 6, lz4 0, zstd 3).
   */
  compressionLevel?: number | undefined;
  /** Makes retries neither duplicate nor reorder records. Needs acks 'all'. Default true. */
  enableIdempotence?: boolean | undefined;
  /** Retries of a request. `deliveryTimeoutMs` usually ends them sooner. Default 2147483647. */
  retries?: number | undefined;
  /**
   * Requests in flight to one broker; with idempotence 5 at most. Default 5. With 1, no move of a leadership can have records
   * stored twice (docs/reliability.md says when); partitions of a broker then take turns.
   */
  maxInFlightRequests?: number | undefined;
  /** First pause before a retry, doubled each time, with jitter. Default 100 ms. */
  retryBackoffMs?: number | undefined;
  /** Longest pause before a retry. Default 1,000 ms. */
  retryBackoffMaxMs?: number | undefined;
  /** First pause before connecting to a broker again, doubled each time, with jitter. Default 50 ms. */
  reconnectBackoffMs?: number | undefined;
  /**
   * Longest pause before connecting again. While a broker is unreachable, librdkafka looks for records that have timed
   * out only between attempts: they may fail this much later than they should. Default 1,000 ms.
   */
  reconnectBackoffMaxMs?: number | undefined;
  /** How long a partition's records wait for more, to share a request. Default 0 ms (Java 4: 5): frames batch already. */
  lingerMs?: number | undefined;
  /** Bytes of records in one request to one partition. Default 1,000,000 (Java: 16,384): a frame should not be cut up. */
  batchSize?: number | undefined;
  /** Largest record, in bytes, 36 around its key, value and headers included. The broker's message.max.bytes counts too. Default 1,048,576. */
  maxRequestSize?: number | undefined;
  /** How long a broker may take to answer. Default 30,000 ms. */
  requestTimeoutMs?: number | undefined;
  /** From acceptance to outcome, retries included. librdkafka looks about once a second. Default 120,000 ms. */
  deliveryTimeoutMs?: number | undefined;
  /** Bytes of unacknowledged records (with a fixed overhead for each) this producer holds. Default 33,554,432. */
  bufferMemory?: number | undefined;
  /**
   * The part of `bufferMemory` that the records of one topic may hold, of what other topics leave: one that cannot be
   * delivered then leaves room for the others. A producer's only topic gets nearly all of it, as its records are
   * acknowledged. From 0 (a record at a time) to 1 (no limit, as in Java). Default 0.5.
   */
  topicBufferShare?: number | undefined;
  /** How long a send waits for a full buffer, or for its topic's partitions to be known. Default 60,000 ms. */
  maxBlockMs?: number | undefined;
  /** How often partitions and leaders are looked up without need. Default 300,000 ms. */
  metadataMaxAgeMs?: number | undefined;
  /** Idle connections are closed after this time. Default 540,000 ms; 0: never. */
  connectionsMaxIdleMs?: number | undefined;
  /** How long `connect()` tries. Default 30,000 ms. No Java equivalent. */
  connectTimeoutMs?: number | undefined;
  /** Default: keys are strings, bytes or null. */
  keySerializer?: Serializer<K> | undefined;
  /** Default: values are strings, bytes or null. */
  valueSerializer?: Serializer<V> | undefined;
  /**
   * Chooses the partition of records that name none: a name (librdkafka's, its property `partitioner`), or a function, an
   * object or a class of the caller's. Default 'murmur2': the Java client's.
   */
  partitioner?: Partitioner<K, V> | undefined;
  /**
   * Where 'murmur2' puts records without a key. 'round-robin': one partition after the other, each as many. 'sticky': many
   * to one partition, then another at random, so that batches are larger (KIP-480). Default 'round-robin' (Java: sticky).
   */
  keylessPartitioning?: KeylessPartitioning | undefined;
  /**
   * When a topic gets more partitions, which is noticed within `metadataMaxAgeMs`: 'adopt' them, so that most keys move;
   * 'freeze' what partitioners choose from, so that each key stays where it was as long as this producer lives; or 'fail'
   * every further record of that topic that names no partition. Default 'adopt' (as Java).
   */
  onPartitionGrowth?: OnPartitionGrowth | undefined;
  /**
   * When a broker refuses a request because of single records (KIP-467): 'resend' the others, which it did not store either,
   * behind what has been sent in the meantime; or 'fail' them too, with _INVALID_DIFFERENT_RECORD. Default 'resend'; a
   * transactional producer has 'fail'.
   */
  onPoison?: OnPoison | undefined;
  /** Serializers and partitioners of single topics, by their names. */
  topics?: { readonly [topic: string]: TopicOptions<K, V> } | undefined;
  /**
   * Makes the producer transactional (KIP-98): see `beginTransaction`. Of all producers with one id only the newest may go
   * on, and it ends what an earlier one left open: one id for each instance that runs at the same time, the same again
   * after its restart. Needs idempotence and acks 'all'.
   */
  transactionalId?: string | undefined;
  /**
   * How long a transaction may stay open before the brokers abort it, which fences the producer. Default 60,000 ms; the
   * broker's transaction.max.timeout.ms is the most. deliveryTimeoutMs may not be longer (its default gives way).
   */
  transactionTimeoutMs?: number | undefined;
  /** TLS: true with the system's authorities, or an object. Default true with `sasl`, else false. */
  ssl?: boolean | SslOptions | undefined;
  /** How to prove who we are. */
  sasl?: SaslOptions | undefined;
  /** Any other librdkafka property, by its own name. Those that an option above sets are refused. */
  librdkafka?: Record<string, string | number | boolean> | undefined;
}

/** Options that may stay undefined. */
type WithoutDefault =
  | 'compressionLevel'
  | 'keySerializer'
  | 'valueSerializer'
  | 'ssl'
  | 'sasl'
  | 'transactionalId';

/** Options after validation, with defaults. */
export type ResolvedOptions<K, V> = Readonly<
  Required<Omit<ProducerOptions<K, V>, 'bootstrapServers' | WithoutDefault>> &
    Pick<ProducerOptions<K, V>, WithoutDefault> & { bootstrapServers: string }
>;
