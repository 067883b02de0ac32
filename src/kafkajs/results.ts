// A call's outcome in kafkajs's shape: one entry for each partition that its messages went to.
import type { RecordMetadata as Delivered } from '../delivery/record-metadata';
import type { TopicStretch } from './messages';
import type { RecordMetadata } from './types';

/** Where the records of a call went, by their index in it. */
export interface Delivery {
  readonly partitions: ArrayLike<number>;
  record(index: number): Delivered;
}

/** Topics in the call's order, their partitions ascending. */
export function byPartition(topics: readonly TopicStretch[], delivery: Delivery): RecordMetadata[] {
  const { partitions } = delivery;
  return topics.flatMap(({ begin, end }) => {
    // The engine keeps a partition's records in order, so the first has the lowest offset.
    const firstIndexes: number[] = [];
    for (let i = begin; i < end; i++) firstIndexes[partitions[i]] ??= i;
    const results: RecordMetadata[] = [];
    firstIndexes.forEach((index) => {
      results.push(asResult(delivery.record(index)));
    });
    return results;
  });
}

export function asResult({ topic, partition, offset, timestamp, timestampType }: Delivered): RecordMetadata {
  return {
    topicName: topic,
    partition,
    errorCode: 0,
    baseOffset: String(offset),
    logAppendTime: timestampType === 'LogAppendTime' ? String(timestamp) : '-1',
    logStartOffset: '0',
  };
}
