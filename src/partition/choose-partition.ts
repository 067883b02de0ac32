// Asks a custom partitioner for a record's partition, and doubts the answer.
import { isPromise } from 'node:util/types';
import { describeValue, messageOf, RecordError } from '../errors';
import type { CheckedRecord } from '../intake/check-record';
import type { BytesLike } from '../intake/record';
import type { FrameHeader } from '../serialize/frame-writer';
import type { PartitionFunction, PartitionRequest } from './partitioner';
import type { Topic } from './topic';

/** @throws RecordError PARTITIONER_FAILED */
export function choosePartition(
  ask: PartitionFunction,
  record: CheckedRecord,
  topic: Topic,
  index: number,
): number {
  let answer: unknown;
  try {
    answer = answered(ask(new Request(record, topic)));
  } catch (cause) {
    throw new RecordError(
      `record ${index} for topic ${topic.name}: the partitioner failed: ${messageOf(cause)}`,
      'PARTITIONER_FAILED',
      { topic: topic.name, index, cause },
    );
  }
  if (Number.isInteger(answer) && (answer as number) >= 0 && (answer as number) < topic.partitionCount) {
    return answer as number;
  }
  throw new RecordError(
    `record ${index} for topic ${topic.name}: the partitioner must return an integer from 0 to ` +
      `${topic.partitionCount - 1}, got ${describeValue(answer)}`,
    'PARTITIONER_FAILED',
    { topic: topic.name, index },
  );
}

/** A promise is no answer; nor is its failure an unhandled rejection, beside the record's own. */
export function answered<T>(answer: T): T {
  if (isPromise(answer)) answer.catch(() => {});
  return answer;
}

class Request implements PartitionRequest {
  readonly topic: string;
  readonly headers: readonly FrameHeader[];
  readonly partitionCount: number;
  readonly availablePartitions: readonly number[];
  readonly #record: CheckedRecord;

  constructor(record: CheckedRecord, topic: Topic) {
    this.topic = topic.name;
    this.headers = frozen(record.headers);
    this.partitionCount = topic.partitionCount;
    this.availablePartitions = topic.availablePartitions;
    this.#record = record;
  }

  get key(): unknown {
    return this.#record.original.key;
  }

  get value(): unknown {
    return this.#record.original.value;
  }

  get keyBytes(): Uint8Array | null {
    return bytesOf(this.#record.key);
  }

  get valueBytes(): Uint8Array | null {
    return bytesOf(this.#record.value);
  }
}

/** What is shared, or has been checked, must not be changed: a partitioner that tries fails. */
function frozen(headers: readonly FrameHeader[]): readonly FrameHeader[] {
  for (const header of headers) Object.freeze(header);
  return Object.freeze(headers);
}

function bytesOf(field: BytesLike): Uint8Array | null {
  if (field === null || field === undefined) return null;
  return typeof field === 'string' ? Buffer.from(field) : field;
}
