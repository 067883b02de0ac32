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
    const entry = {
      metadata: ask(topic).then((partitions) => partitions.map(asMetadata)),
      staleAt: performance.now() + this.#maxAgeMs,
    };
    if (known !== undefined) {
      // Nobody could be asked: what was known will do, and the engine tries again until the retries' time is over.
      entry.metadata = entry.metadata.catch((error: { retriable?: boolean }) => {
        if (!error.retriable) throw error;
        entry.staleAt = 0;
        return known.metadata;
      });
    }
    this.#byTopic.set(topic, entry);
    entry.metadata.catch(() => {
      if (this.#byTopic.get(topic) === entry) this.#byTopic.delete(topic);
    });
    return entry.metadata;
  }

  /** What was known may no longer be so. */
  forget(): void {
    for (const entry of this.#byTopic.values()) entry.staleAt = 0;
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
