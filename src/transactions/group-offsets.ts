// The offsets a consumer group has reached, as a caller gives them and as the addon takes them.
import { describeValue, MillraceError } from '../errors';

export interface PartitionOffset {
  partition: number;
  /** The offset to read next: that of the last record that was dealt with, plus 1. */
  offset: string | number | bigint;
  /** Kept beside the offset. Default ''. */
  metadata?: string | null | undefined;
}

export interface GroupOffsets {
  consumerGroupId: string;
  topics: readonly { topic: string; partitions: readonly PartitionOffset[] }[];
  /**
   * Generation, member and instance of the consumer on whose behalf this is (KIP-447). With them the brokers refuse the
   * offsets of a consumer that the group has gone on without. Default: -1, '' and '', which they do not check.
   */
  generationId?: number | undefined;
  memberId?: string | undefined;
  groupInstanceId?: string | null | undefined;
}

/** In the addon's words. */
export interface GroupPosition {
  group: { id: string; generationId: number; memberId: string; instanceId: string };
  positions: (string | number | bigint)[];
}

const MAX_INT32 = 2147483647;
const MAX_INT64 = 2n ** 63n - 1n;

/** @throws MillraceError INVALID_RECORD */
export function readGroupOffsets(given: GroupOffsets): GroupPosition {
  try {
    return readFields(given);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError('sendOffsets takes offsets that can be read', 'INVALID_RECORD', { cause: error });
  }
}

function readFields(given: GroupOffsets): GroupPosition {
  check(given !== null && typeof given === 'object', 'an object { consumerGroupId, topics }', given);
  const { consumerGroupId, topics, generationId = -1, memberId = '', groupInstanceId } = given;
  check(
    typeof consumerGroupId === 'string' && consumerGroupId !== '',
    'consumerGroupId as a string that is not empty',
    consumerGroupId,
  );
  check(isIntegerIn(generationId, -1, MAX_INT32), 'generationId as an integer of at least -1', generationId);
  check(typeof memberId === 'string', 'memberId as a string', memberId);
  const instanceId = groupInstanceId ?? '';
  check(typeof instanceId === 'string', 'groupInstanceId as a string', instanceId);
  check(Array.isArray(topics), 'topics as a list', topics);
  const positions = topics.flatMap((entry) => {
    const { topic, partitions } = entry ?? {};
    check(typeof topic === 'string' && topic !== '', 'each topic by its name', topic);
    check(Array.isArray(partitions), `the partitions of topic ${topic} as a list`, partitions);
    return partitions.flatMap((position) => readPosition(topic, position ?? {}));
  });
  return { group: { id: consumerGroupId, generationId, memberId, instanceId }, positions };
}

function readPosition(
  topic: string,
  { partition, offset, metadata }: PartitionOffset,
): (string | number | bigint)[] {
  check(
    isIntegerIn(partition, 0, MAX_INT32),
    `partitions of topic ${topic} as integers of at least 0`,
    partition,
  );
  const kept = metadata ?? '';
  check(
    typeof kept === 'string',
    `the metadata of topic ${topic}, partition ${partition}, as a string`,
    kept,
  );
  return [topic, partition, readOffset(offset, `${topic}, partition ${partition}`), kept];
}

function readOffset(offset: unknown, where: string): bigint {
  let read = -1n;
  if (typeof offset === 'bigint') read = offset;
  else if (typeof offset === 'number' && Number.isSafeInteger(offset)) read = BigInt(offset);
  else if (typeof offset === 'string' && /^\d{1,19}$/.test(offset)) read = BigInt(offset);
  check(read >= 0n && read <= MAX_INT64, `the offset of topic ${where}, as an integer of at least 0`, offset);
  return read;
}

function isIntegerIn(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function check(fits: boolean, expected: string, received: unknown): asserts fits {
  if (fits) return;
  throw new MillraceError(`sendOffsets takes ${expected}, got ${describeValue(received)}`, 'INVALID_RECORD');
}
