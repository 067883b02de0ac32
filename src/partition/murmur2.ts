// Kafka's default hash of a key, computed by the addon.
import { types } from 'node:util';
import { addon } from '../addon';
import { check, integerFrom, type Rule } from '../check-given';
import { ConfigError } from '../errors';

const BYTES: Rule = { must: 'a Uint8Array', fits: types.isUint8Array };
const ENDS: Rule = { must: 'an Int32Array', fits: types.isInt32Array };
const PARTITION_COUNT = integerFrom(1, 2 ** 31 - 1);

/**
 * The hash of `key` as a signed 32-bit integer (org.apache.kafka.common.utils.Utils.murmur2).
 * @throws ConfigError for a key that is not of bytes
 */
export function murmur2(key: Uint8Array): number {
  check('murmur2: key', BYTES, key);
  return addon.murmur2(key);
}

/**
 * The hashes of many keys in one call: what `murmur2` gives for each. The keys lie one behind the other in `bytes`, as in
 * a column of Apache Arrow; key i begins where the one before it ended, and ends before `bytes[ends[i]]`. The partition of
 * a hash is `(hash & 0x7fffffff) % partitionCount`.
 * @throws ConfigError for other types of arrays, or an end that is before its key's begin or beyond the bytes
 */
export function murmur2Batch(bytes: Uint8Array, ends: Int32Array): Int32Array {
  check('murmur2Batch: bytes', BYTES, bytes);
  check('murmur2Batch: ends', ENDS, ends);
  const hashes = new Int32Array(ends.length);
  const hashed = addon.murmur2Batch(bytes, ends, hashes);
  if (hashed < ends.length) {
    const begin = hashed === 0 ? 0 : ends[hashed - 1];
    throw new ConfigError(
      `murmur2Batch: ends[${hashed}] must be from ${begin} to ${bytes.length}, got ${ends[hashed]}`,
    );
  }
  return hashes;
}

/**
 * The partition (0 to `partitionCount` - 1) that the Java client's default partitioner gives a key
 * (BuiltInPartitioner.partitionForKey).
 * @throws ConfigError for a key that is not of bytes, or a count that is no integer above 0
 */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  check('partitionForKey: key', BYTES, key);
  check('partitionForKey: partitionCount', PARTITION_COUNT, partitionCount);
  return addon.partitionForKey(key, partitionCount);
}
