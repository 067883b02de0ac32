// kafkajs's partitioners. The default one is the engine's own and is computed natively; the function here serves
// programs that call it from partitioners of theirs.
import { randomInt } from 'node:crypto';
import { partitionForKey } from '../partition/murmur2';
import type { ICustomPartitioner, Message, PartitionerArgs } from './types';

type Hash = (key: Uint8Array, partitionCount: number) => number;

/** A message's own partition, else by its key's hash, else round-robin over the partitions that have a leader. */
function partitionBy(hash: Hash): ICustomPartitioner {
  return () => {
    const turns = new Map<string, number>();
    return ({ topic, partitionMetadata, message }: PartitionerArgs): number => {
      const { partition, key } = message;
      if (partition !== null && partition !== undefined) return partition;
      if (key !== null && key !== undefined) return hash(bytesOf(key), partitionMetadata.length);
      const turn = turns.get(topic) ?? randomInt(2 ** 31);
      turns.set(topic, (turn + 1) % 2 ** 31);
      const available = partitionMetadata.filter(({ leader }) => leader >= 0);
      return available.length > 0
        ? available[turn % available.length].partitionId
        : turn % partitionMetadata.length;
    };
  };
}

function bytesOf(key: NonNullable<Message['key']>): Uint8Array {
  return ArrayBuffer.isView(key) ? key : Buffer.from(String(key));
}

const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;
const ROTATION = 24;

/**
 * The hash of kafkajs before 2.0: murmur2's steps in floating point, where products lose their low bits, and one
 * round more when the length is no multiple of four. Its mistakes decide where a topic's keys are, so they are kept.
 */
function legacyHash(key: Uint8Array): number {
  const { length } = key;
  let hash = SEED ^ length;
  for (let i = 0; i < length / 4; i++) {
    let word =
      ((key[i * 4] ?? 0) & 0xff) +
      (((key[i * 4 + 1] ?? 0) & 0xff) << 8) +
      (((key[i * 4 + 2] ?? 0) & 0xff) << 16) +
      (((key[i * 4 + 3] ?? 0) & 0xff) << 24);
    word *= MULTIPLIER;
    word ^= word >>> ROTATION;
    word *= MULTIPLIER;
    hash *= MULTIPLIER;
    hash ^= word;
  }
  const tail = length & ~3;
  if (length % 4 >= 3) hash ^= key[tail + 2] << 16;
  if (length % 4 >= 2) hash ^= key[tail + 1] << 8;
  if (length % 4 >= 1) {
    hash ^= key[tail];
    hash *= MULTIPLIER;
  }
  hash ^= hash >>> 13;
  hash *= MULTIPLIER;
  hash ^= hash >>> 15;
  return hash;
}

const DefaultPartitioner = partitionBy(partitionForKey);

export const Partitioners = {
  /** Java's. */
  DefaultPartitioner,
  /** kafkajs's before 2.0: for topics whose keys must stay where they are. */
  LegacyPartitioner: partitionBy((key, count) => (legacyHash(key) & 0x7fffffff) % count),
  /** @deprecated DefaultPartitioner's earlier name. */
  JavaCompatiblePartitioner: DefaultPartitioner,
} as const satisfies Record<string, ICustomPartitioner>;
