// What is told to who sends through a producer that is closed.
import { BatchResult } from '../delivery/batch-result';
import { BatchError, RecordError, withoutStack } from '../errors';
import { topicOf } from './invalid-record';
import type { BatchRecord } from './record';

export function sentTooLate(
  record: BatchRecord<never, never>,
  index = 0,
  defaultTopic?: string,
): RecordError {
  const topic = topicOf(() => record, defaultTopic);
  const make = () =>
    new RecordError(
      `record ${index} for topic ${topic} was not sent: the producer is closed`,
      'PRODUCER_CLOSED',
      {
        topic,
        partition: partitionOf(record),
        index,
      },
    );
  return index === 0 ? make() : withoutStack(make);
}

/** @param records at least one */
export function batchSentTooLate(
  records: readonly BatchRecord<never, never>[],
  defaultTopic: string | undefined,
): BatchError {
  const errors = Array.from(records, (record, index) => sentTooLate(record, index, defaultTopic));
  const refusals = new Map(errors.map((error) => [error.index, error]));
  const topicAt = (index: number) => errors[index].topic as string;
  const result = new BatchResult(errors.length, [], refusals, topicAt);
  return new BatchError(errors, result, 'PRODUCER_CLOSED');
}

function partitionOf(record: BatchRecord<never, never>): number | undefined {
  try {
    const { partition } = record;
    return typeof partition === 'number' ? partition : undefined;
  } catch {
    return undefined;
  }
}
