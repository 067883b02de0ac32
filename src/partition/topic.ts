// What the producer knows of one topic: its number in the addon, its partitions, and why they are not known.
import { MillraceError, RecordError } from '../errors';
import type { OnPartitionGrowth } from '../options/producer-options';
import type { PartitionFunction } from './partitioner';

/** Is told that the topic is ready, or why it will not be. */
export type TopicWaiter = (error: RecordError | undefined) => void;

export class Topic {
  readonly name: string;
  readonly id: number;
  /** Chooses partitions in place of the addon. */
  readonly partitioner: PartitionFunction | undefined;
  /** Until when it is looked up: as long as anybody waits for it. `performance.now()` */
  deadline: number;
  /** What partitioners choose from. */
  partitionCount = 0;
  /** What the topic has: with onPartitionGrowth 'freeze' maybe more. */
  knownPartitions = 0;
  /** Those with a leader, ascending. */
  availablePartitions: readonly number[] = [];
  /** Each known partition's; -1: none. */
  leaders: Int32Array = new Int32Array(0);
  /** Why records that name no partition are refused, if they are. */
  refusal: RecordError | undefined;
  /** Whether its records were the last of their frame that were waited for, and none has been delivered since. */
  lags = false;
  /** Whether records may be packed for it: its partitions are known. */
  ready = false;
  /** Whether brokers have been asked about it, however short the time of those who wait. */
  asked = false;
  lastError = '';
  /** What brokers said of it, if that was the last to be heard. */
  lastAnswer: MillraceError | undefined;
  /** `waitedMs`: how much of `maxBlockMs` has been spent on other topics. */
  readonly whenReady: (waiter: TopicWaiter, waitedMs?: number) => void;

  constructor(
    name: string,
    id: number,
    partitioner: PartitionFunction | undefined,
    deadline: number,
    wait: (topic: Topic, waiter: TopicWaiter, waitedMs: number) => void,
  ) {
    this.name = name;
    this.id = id;
    this.partitioner = partitioner;
    this.deadline = deadline;
    this.whenReady = (waiter, waitedMs = 0) => wait(this, waiter, waitedMs);
  }

  /**
   * Its partitions, as a broker has told them.
   * @param firstCount how many the client knew of first, maybe in another thread and long ago
   * @returns whether, and what is done about it, if there are more than before
   */
  learn(leaders: Int32Array, firstCount: number, action: OnPartitionGrowth): PartitionGrowth | undefined {
    if (this.knownPartitions === 0 && action !== 'adopt') {
      this.knownPartitions = firstCount;
      this.partitionCount = firstCount;
    }
    const from = this.knownPartitions;
    const to = leaders.length;
    this.knownPartitions = to;
    this.leaders = leaders.slice();
    const frozen = action === 'freeze' && to > this.partitionCount;
    if (!frozen) this.partitionCount = to;
    const available: number[] = [];
    for (let partition = 0; partition < this.partitionCount; partition++) {
      if (leaders[partition] >= 0) available.push(partition);
    }
    // Partitioners see it.
    this.availablePartitions = Object.freeze(available);
    if (from === 0 || to <= from) return undefined;
    if (action === 'fail') {
      this.refusal = new RecordError(
        `topic ${this.name} has grown from ${from} to ${to} partitions, and onPartitionGrowth is 'fail'`,
        'PARTITIONS_GREW',
        { topic: this.name },
      );
    }
    return { topic: this.name, from, to, action };
  }

  unanswered(reason: string): void {
    this.lastError = reason;
    this.lastAnswer = undefined;
  }

  refused(code: string, reason: string): void {
    this.lastError = reason;
    this.lastAnswer = new MillraceError(reason, code);
  }
}

/** A topic has got more partitions. */
export interface PartitionGrowth {
  topic: string;
  from: number;
  to: number;
  /** What is done about it: the option `onPartitionGrowth`. */
  action: OnPartitionGrowth;
}

export interface PartitionInfo {
  partition: number;
  /** The broker that leads it; -1: none at present. */
  leader: number;
  replicas: number[];
  /** The replicas in sync. */
  isr: number[];
}
