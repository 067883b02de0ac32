// kafkajs's producer in front of the engine's.
import type { Application } from './application';
import { brokersOf } from './brokers';
import { checkCall, checkTopicNames, laneSettings } from './call';
import type { EngineOptions } from './engine-options';
import { KafkaJSError, KafkaJSNonRetriableError } from './errors';
import { toKafkaJSError } from './failure';
import { type EventName, events, Instrumentation } from './instrumentation';
import { Lanes } from './lanes';
import { readMessages } from './messages';
import { PartitionChoice } from './partition-choice';
import { Partitioners } from './partitioners';
import { byPartition } from './results';
import type {
  InstrumentationEvent,
  KafkaConfig,
  Logger,
  Producer,
  ProducerBatch,
  ProducerConfig,
  ProducerRecord,
  RecordMetadata,
  Transaction,
} from './types';

export interface ProducerParts {
  kafka: KafkaConfig;
  producer: ProducerConfig;
  options: EngineOptions;
  logger: Logger;
  application: Application;
}

/** Methods are properties, so that they may be taken off the object, as kafkajs's may. */
export class KafkaJSProducer implements Producer {
  readonly events = events;
  readonly #parts: ProducerParts;
  readonly #instrumentation: Instrumentation;
  /** Undefined where the engine's own is asked for. */
  readonly #partitionChoice: PartitionChoice | undefined;
  #status: 'disconnected' | 'connected' | 'disconnecting' = 'disconnected';
  #lanes: Lanes | undefined;
  #connecting: Promise<void> | undefined;

  /** @throws KafkaJSNonRetriableError when `idempotent` contradicts `retry` */
  constructor(parts: ProducerParts) {
    const { createPartitioner, idempotent, metadataMaxAge = 300_000 } = parts.producer;
    const retries = { ...parts.kafka.retry, ...parts.producer.retry }.retries;
    if (idempotent && retries !== undefined && retries < 1) {
      throw new KafkaJSNonRetriableError(
        'Idempotent producer must allow retries to protect against transient errors',
      );
    }
    this.#parts = parts;
    this.#instrumentation = new Instrumentation(parts.logger);
    const own = createPartitioner ?? Partitioners.DefaultPartitioner;
    if (own !== Partitioners.DefaultPartitioner) {
      this.#partitionChoice = new PartitionChoice(own, metadataMaxAge);
    }
  }

  readonly connect = async (): Promise<void> => {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    await this.#connecting;
    this.#instrumentation.emit(events.CONNECT);
  };

  /** Waits for what was sent, within the retries' time. */
  readonly disconnect = async (): Promise<void> => {
    await this.#connecting?.catch(() => {});
    this.#status = 'disconnecting';
    const lanes = this.#lanes;
    this.#lanes = undefined;
    await lanes?.close();
    this.#status = 'disconnected';
    this.#instrumentation.emit(events.DISCONNECT);
  };

  readonly send = async (record: ProducerRecord): Promise<RecordMetadata[]> => {
    const { topic, messages, acks, timeout, compression } = record;
    return this.sendBatch({ acks, timeout, compression, topicMessages: [{ topic, messages }] });
  };

  readonly sendBatch = async (batch: ProducerBatch): Promise<RecordMetadata[]> => {
    const { acks = -1, topicMessages = [] } = batch;
    checkCall(topicMessages, acks, this.isIdempotent());
    const outgoing = readMessages(topicMessages, this.#partitionChoice !== undefined);
    const lanes = this.#openLanes();
    checkTopicNames(topicMessages);
    if (outgoing.records.length === 0) return [];
    const settings = laneSettings(batch, this.#parts.options.requestTimeoutMs);
    try {
      const lane = lanes.lane(settings);
      await this.#partitionChoice?.choose(outgoing, (topic) => lane.producer.partitionsFor(topic));
      const delivery = await lane.deliver(outgoing);
      return settings.acks === 0 ? [] : byPartition(outgoing.topics, delivery);
    } catch (error) {
      this.#partitionChoice?.forget();
      throw toKafkaJSError(error, this.#parts.options.budget);
    }
  };

  readonly isIdempotent = (): boolean => this.#parts.producer.idempotent ?? false;

  readonly on = (
    eventName: EventName,
    listener: (event: InstrumentationEvent<never>) => void,
  ): (() => void) => this.#instrumentation.on(eventName, listener);

  readonly transaction = async (): Promise<Transaction> => {
    throw new KafkaJSNonRetriableError('Must provide transactional id for transactional producer');
  };

  readonly logger = (): Logger => this.#parts.logger;

  async #connect(): Promise<void> {
    if (this.#status === 'connected') return;
    const { kafka, options } = this.#parts;
    const lanes = new Lanes(options, await brokersOf(kafka), this.#instrumentation, this.#parts.logger);
    try {
      await lanes.lane(laneSettings({}, options.requestTimeoutMs)).producer.connect();
    } catch (error) {
      await lanes.close();
      throw toKafkaJSError(error, options.budget);
    }
    this.#lanes = lanes;
    this.#status = 'connected';
  }

  /** @throws KafkaJSError, in kafkajs's words, when the producer is not connected */
  #openLanes(): Lanes {
    if (this.#lanes !== undefined) return this.#lanes;
    if (this.#status === 'disconnecting') {
      throw new KafkaJSNonRetriableError(
        "The producer is disconnecting; therefore, it can't safely accept messages anymore",
      );
    }
    throw new KafkaJSError('The producer is disconnected');
  }
}
