// A partitioner of the program's own, called with what kafkajs gives it.
import type { PartitionInfo } from '../partition/topic-directory';
import type { Outgoing } from './messages';
import type { ICustomPartitioner, PartitionMetadata } from './types';

const LEADER_NOT_AVAILABLE = 5;

export class PartitionChoice {
  readonly #partitioner: ReturnType<ICustomPartitioner>;
  readonly #maxAgeMs: number;
  readonly #byTopic = new Map<string, { metadata: Promise<PartitionMetadata[]>; staleAt: number }>();

  constructor(createPartitioner: ICustomPartitioner, maxAgeMs: number) {
    this.#partitioner = createPartitioner();
    this.#maxAgeMs = maxAgeMs;
  }

  /** Sets each record's partition. Whatever the partitioner throws rejects the call. */
  async choose(
    { records, topics }: Outgoing,
    ask: (topic: string) => Promise<PartitionInfo[]>,
  ): Promise<void> {
    // In one go for all topics, and always awaited: calls made in one order go on in that order.
    const known = await Promise.all(topics.map(({ topic }) => this.#metadataOf(topic, ask)));
    for (const [at, { topic, messages, begin }] of topics.entries()) {
      const partitionMetadata = known[at];
      for (const [i, message] of messages.entries()) {
        records[begin + i].partition = Number(this.#partitioner({ topic, partitionMetadata, message }));
      }
    }
  }

  /** What was known may no longer be so: it is asked for again. */
  forget(): void {
    this.#byTopic.clear();
  }

  #metadataOf(topic: string, ask: (topic: string) => Promise<PartitionInfo[]>): Promise<PartitionMetadata[]> {
    const known = this.#byTopic.get(topic);
    if (known !== undefined && performance.now() < known.staleAt) return known.metadata;
    const metadata = ask(topic).then((partitions) => partitions.map(asMetadata));
    this.#byTopic.set(topic, { metadata, staleAt: performance.now() + this.#maxAgeMs });
    metadata.catch(() => this.#byTopic.delete(topic));
    return metadata;
  }
}

function asMetadata({ partition, leader, replicas, isr }: PartitionInfo): PartitionMetadata {
  return {
    partitionErrorCode: leader < 0 ? LEADER_NOT_AVAILABLE : 0,
    partitionId: partition,
    leader,
    replicas: [...replicas],
    isr: [...isr],
    offlineReplicas: [],
  };
}
