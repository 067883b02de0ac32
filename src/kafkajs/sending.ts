// A call to send or sendBatch from its check to its result, whatever it is sent through: a producer's lanes or a
// transaction.
import type { PartitionInfo } from '../partition/topic-directory';
import { checkCall, checkTopicNames, type LaneSettings, laneSettings } from './call';
import type { EngineOptions } from './engine-options';
import { toKafkaJSError } from './failure';
import { type Outgoing, readMessages } from './messages';
import { PartitionChoice } from './partition-choice';
import { Partitioners } from './partitioners';
import { byPartition, type Delivery } from './results';
import type { ICustomPartitioner, ProducerBatch, RecordMetadata } from './types';

export interface Way {
  deliver(outgoing: Outgoing): Promise<Delivery>;
  partitionsFor(topic: string): Promise<PartitionInfo[]>;
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

  /** In kafkajs's order of checks. */
  async send(batch: ProducerBatch, ways: Ways): Promise<RecordMetadata[]> {
    const { acks = -1, topicMessages = [] } = batch;
    checkCall(topicMessages, acks, ways.idempotent);
    const outgoing = readMessages(topicMessages, this.#partitionChoice !== undefined);
    ways.ensureConnected();
    checkTopicNames(topicMessages);
    if (outgoing.records.length === 0) return [];
    const settings = laneSettings(batch, this.#options.requestTimeoutMs);
    try {
      const way = ways.way(settings);
      if (this.#partitionChoice !== undefined) {
        await this.#partitionChoice.choose(outgoing, (topic) => way.partitionsFor(topic));
      }
      const delivery = await way.deliver(outgoing);
      return settings.acks === 0 ? [] : byPartition(outgoing.topics, delivery);
    } catch (error) {
      this.#partitionChoice?.forget();
      throw toKafkaJSError(error, this.#options.budget);
    }
  }
}
