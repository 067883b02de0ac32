// A partitioner of the program's own, called with what kafkajs gives it.
import { answered } from '../partition/choose-partition';
import { type AskForPartitions, KnownPartitions } from './known-partitions';
import { type Outgoing, partitionOf } from './messages';
import type { ICustomPartitioner } from './types';

export class PartitionChoice {
  readonly #partitioner: ReturnType<ICustomPartitioner>;
  readonly #partitions: KnownPartitions;

  constructor(createPartitioner: ICustomPartitioner, maxAgeMs: number) {
    this.#partitioner = createPartitioner();
    this.#partitions = new KnownPartitions(maxAgeMs);
  }

  /** Sets each record's partition. Whatever the partitioner throws rejects the call. */
  async choose({ records, topics }: Outgoing, ask: AskForPartitions): Promise<void> {
    // In one go for all topics, and always awaited: calls made in one order go on in that order.
    const known = await Promise.all(topics.map(({ topic }) => this.#partitions.of(topic, ask)));
    for (const [at, { topic, messages, begin }] of topics.entries()) {
      const partitionMetadata = known[at];
      for (const [i, message] of messages.entries()) {
        records[begin + i].partition = partitionOf(
          answered(this.#partitioner({ topic, partitionMetadata, message })),
        );
      }
    }
  }

  /** What was known may no longer be so: it is asked for again. */
  forget(): void {
    this.#partitions.forget();
  }
}
