// A call to send or sendBatch from its check to its result, whatever it is sent through: a producer's lanes or a
// transaction.
import { RecordMetadata as Delivered } from '../delivery/record-metadata';
import { type CallSettings, checkCall, checkTopicNames, type LaneSettings, laneSettings } from './call';
import type { EngineOptions } from './engine-options';
import { toKafkaJSError } from './failure';
import type { AskForPartitions } from './known-partitions';
import { type Outgoing, readMessages } from './messages';
import { PartitionChoice } from './partition-choice';
import { Partitioners } from './partitioners';
import { asResult, byPartition, type Delivery } from './results';
import type { ICustomPartitioner, RecordMetadata, TopicMessages } from './types';

export interface Way {
  /**
   * The outcome of a call's records, or of its only one.
   * @param prepare what has to be done to them before, with the partitions that there are
   */
  deliver(
    outgoing: Outgoing,
    prepare?: (ask: AskForPartitions) => Promise<void>,
  ): Promise<Delivery | Delivered>;
}

export interface Ways {
  /** Whether acks other than -1 are refused. */
  readonly idempotent: boolean;
  /** @throws KafkaJSError when nothing can be sent now */
  ensureConnected(): void;
  way(settings: LaneSettings): Way;
}

export class Sending {
  readonly #options: EngineOptions;
  /** Undefined where the engine's own is asked for. */
  readonly #partitionChoice: PartitionChoice | undefined;

  constructor(options: EngineOptions, createPartitioner: ICustomPartitioner | undefined, maxAgeMs: number) {
    this.#options = options;
    const partitioner = createPartitioner ?? Partitioners.DefaultPartitioner;
    if (partitioner !== Partitioners.DefaultPartitioner) {
      this.#partitionChoice = new PartitionChoice(partitioner, maxAgeMs);
    }
  }

  /**
   * In kafkajs's order of checks. Many calls are of one message, and a promise between theirs and the engine's is a good
   * part of what such a call costs.
   */
  async send(
    call: CallSettings,
    topicMessages: readonly TopicMessages[],
    ways: Ways,
  ): Promise<RecordMetadata[]> {
    const { acks = -1 } = call;
    checkCall(topicMessages, acks, ways.idempotent);
    const outgoing = readMessages(topicMessages, this.#partitionChoice !== undefined);
    ways.ensureConnected();
    checkTopicNames(topicMessages);
    if (outgoing.records.length === 0) return [];
    const settings = laneSettings(call, this.#options.requestTimeoutMs);
    try {
      const way = ways.way(settings);
      const choice = this.#partitionChoice;
      const outcome = await way.deliver(outgoing, choice && ((ask) => choice.choose(outgoing, ask)));
      if (settings.acks === 0) return [];
      return outcome instanceof Delivered ? [asResult(outcome)] : byPartition(outgoing.topics, outcome);
    } catch (error) {
      this.#partitionChoice?.forget();
      throw toKafkaJSError(error, this.#options.budget);
    }
  }
}
