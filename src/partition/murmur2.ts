// Kafka's default hash of a key, computed by the addon.
import { addon } from '../addon';

/** The hash of `key` as a signed 32-bit integer (org.apache.kafka.common.utils.Utils.murmur2). */
export function murmur2(key: Uint8Array): number {
  return addon.murmur2(key);
}

/**
 * The partition (0 to `partitionCount` - 1) that the Java client's default partitioner gives a key
 * (BuiltInPartitioner.partitionForKey).
 */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return addon.partitionForKey(key, partitionCount);
}
