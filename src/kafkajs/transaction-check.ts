// What cannot be sent is refused before the engine sees it: there, a record that fails is the end of its transaction;
// kafkajs's callers may go on.
import { RecordError } from '../errors';
import { checkRecord, type RecordRules } from '../intake/check-record';
import type { BytesLike } from '../intake/record';
import type { ResolvedOptions } from '../options/producer-options';
import { RulesByTopic } from '../options/topic-rules';
import type { AskForPartitions, KnownPartitions } from './known-partitions';
import type { Outgoing } from './messages';

const RULES: RecordRules<BytesLike, BytesLike> = {
  topics: RulesByTopic.of({
    topics: {},
    partitioner: 'murmur2',
    keylessPartitioning: 'round-robin',
  } as ResolvedOptions<BytesLike, BytesLike> & { topics: object }),
  maxRequestSize: Number.POSITIVE_INFINITY,
};

/** @throws (rejects with) RecordError INVALID_RECORD, _UNKNOWN_PARTITION; what asking for partitions does */
export async function checkForTransaction(
  { records, topic: common, topics }: Outgoing,
  partitions: KnownPartitions,
  ask: AskForPartitions,
): Promise<void> {
  const counts = await Promise.all(
    topics.map(async ({ topic, begin, end }) => {
      let highest = -1;
      for (let i = begin; i < end; i++) {
        checkRecord(records[i], i, RULES, common);
        highest = Math.max(highest, records[i].partition ?? -1);
      }
      const { length } = await partitions.of(topic, ask);
      if (highest < length) return length;
      // It may have grown.
      partitions.forget();
      return (await partitions.of(topic, ask)).length;
    }),
  );
  for (const [at, { topic, begin, end }] of topics.entries()) {
    for (let index = begin; index < end; index++) {
      const { partition } = records[index];
      if (partition === undefined || partition < counts[at]) continue;
      throw new RecordError(
        `record ${index} for topic ${topic}, partition ${partition}: the topic has ${counts[at]} partitions`,
        '_UNKNOWN_PARTITION',
        { topic, index, partition },
      );
    }
  }
}
