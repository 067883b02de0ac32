// Topics' partitions as kafkajs tells of them, asked for again when they are old.
import type { PartitionInfo } from '../partition/topic';
import type { PartitionMetadata } from './types';

export type AskForPartitions = (topic: string) => Promise<PartitionInfo[]>;

const LEADER_NOT_AVAILABLE = 5;

export class KnownPartitions {
  readonly #maxAgeMs: number;
  readonly #byTopic = new Map<string, { metadata: Promise<PartitionMetadata[]>; staleAt: number }>();

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** @throws (rejects with) what asking does */
  of(topic: string, ask: AskForPartitions): Promise<PartitionMetadata[]> {
    const known = this.#byTopic.get(topic);
    if (known !== undefined && performance.now() < known.staleAt) return known.metadata;
    const metadata = ask(topic).then((partitions) => partitions.map(asMetadata));
    this.#byTopic.set(topic, { metadata, staleAt: performance.now() + this.#maxAgeMs });
    metadata.catch(() => this.#byTopic.delete(topic));
    return metadata;
  }

  /** What was known may no longer be so. */
  forget(): void {
    this.#byTopic.clear();
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
