// Who chooses a record's partition: the addon by a named rule, or the caller's own code.
import { ConfigError, messageOf } from '../errors';
import type { FrameHeader } from '../serialize/frame-writer';

/**
 * `murmur2` puts keys where the Java client does; `keylessPartitioning` says where records without a key go. The others
 * are librdkafka's of those names (its property `partitioner`): `consistent` (CRC32) and `fnv1a` put all records without
 * a key into one partition, `fnv1a_random` spreads them at random, `consistent_random` those with an empty key too;
 * `random` ignores keys.
 */
export type PartitionerName =
  | 'murmur2'
  | 'consistent'
  | 'consistent_random'
  | 'fnv1a'
  | 'fnv1a_random'
  | 'random';

/** `native/partitioner.h` numbers them in this order. */
export const PARTITIONER_NAMES: readonly PartitionerName[] = [
  'murmur2',
  'consistent',
  'consistent_random',
  'fnv1a',
  'fnv1a_random',
  'random',
];

export type KeylessPartitioning = 'round-robin' | 'sticky';
export const KEYLESS_PARTITIONINGS: readonly KeylessPartitioning[] = ['round-robin', 'sticky'];

/** What a custom partitioner is told of a record. Only valid during the call. */
export interface PartitionRequest<K = unknown, V = unknown> {
  readonly topic: string;
  /** As given to `send`. */
  readonly key: K;
  readonly value: V;
  /** As serialized; null for Kafka's null. Made when read. */
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: readonly FrameHeader[];
  readonly partitionCount: number;
  /** Those that have a leader, ascending. */
  readonly availablePartitions: readonly number[];
}

/** Returns 0 to partitionCount - 1. Anything else, and whatever it throws, rejects that record alone. */
export interface CustomPartitioner<K = unknown, V = unknown> {
  partition(request: PartitionRequest<K, V>): number;
}

export type PartitionFunction<K = unknown, V = unknown> = (request: PartitionRequest<K, V>) => number;

/** A name, a function, an object with a method `partition`, or a class of such objects (one is made for the producer). */
export type Partitioner<K = unknown, V = unknown> =
  | PartitionerName
  | PartitionFunction<K, V>
  | CustomPartitioner<K, V>
  | (new () => CustomPartitioner<K, V>);

export function isPartitioner(value: unknown): value is Partitioner {
  if (typeof value === 'string') return PARTITIONER_NAMES.includes(value as PartitionerName);
  if (typeof value !== 'function') return isCustom(value);
  return !isClass(value) || isCustom(value.prototype);
}

/** What can only be called with `new`: as a function it would fail for each record. */
function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** A name as it is, anything else as a function. @throws ConfigError when a class's constructor throws */
export function readPartitioner<K, V>(
  given: Partitioner<K, V>,
  option: string,
): PartitionerName | PartitionFunction<K, V> {
  if (typeof given === 'string') return given;
  try {
    if (isCustom(given)) return (request) => given.partition(request);
    if (!isCustom(given.prototype)) return given as PartitionFunction<K, V>;
    const made = new (given as new () => CustomPartitioner<K, V>)();
    return (request) => made.partition(request);
  } catch (cause) {
    throw new ConfigError(`option ${option} cannot be made: ${messageOf(cause)}`, cause);
  }
}

function isCustom(value: unknown): value is CustomPartitioner {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as CustomPartitioner).partition === 'function'
  );
}
