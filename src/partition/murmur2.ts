// Kafka's default hash of a key, computed by the addon.
import { addon } from '../addon';
import { describeValue } from '../errors';

/** The hash of `key` as a signed 32-bit integer (org.apache.kafka.common.utils.Utils.murmur2). */
export function murmur2(key: Uint8Array): number {
  return addon.murmur2(key);
}

/**
 * The hashes of many keys in one call: what `murmur2` gives for each. The keys lie one behind the other in `bytes`, as in
 * a column of Apache Arrow; key i begins where the one before it ended, and ends before `bytes[ends[i]]`. The partition of
 * a hash is `(hash & 0x7fffffff) % partitionCount`.
 * @throws TypeError for other types of arrays; RangeError for an end that is before its key's begin or beyond the bytes
 */
export function murmur2Batch(bytes: Uint8Array, ends: Int32Array): Int32Array {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`bytes must be a Uint8Array, got ${describeValue(bytes)}`);
  if (!(ends instanceof Int32Array))
    throw new TypeError(`ends must be an Int32Array, got ${describeValue(ends)}`);
  const hashes = new Int32Array(ends.length);
  const hashed = addon.murmur2Batch(bytes, ends, hashes);
  if (hashed < ends.length) {
    const begin = hashed === 0 ? 0 : ends[hashed - 1];
    throw new RangeError(`ends[${hashed}] must be from ${begin} to ${bytes.length}, got ${ends[hashed]}`);
  }
  return hashes;
}

/**
 * The partition (0 to `partitionCount` - 1) that the Java client's default partitioner gives a key
 * (BuiltInPartitioner.partitionForKey).
 */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return addon.partitionForKey(key, partitionCount);
}
