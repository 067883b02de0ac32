// kafkajs's producer in front of the engine's.
import type { Application } from './application';
import { Connection } from './connection';
import type { EngineOptions } from './engine-options';
import { KafkaJSError, KafkaJSNonRetriableError } from './errors';
import { type EventName, events, Instrumentation } from './instrumentation';
import { KnownPartitions } from './known-partitions';
import { Lanes } from './lanes';
import { Sending, type Ways } from './sending';
import { KafkaJSTransaction } from './transaction';
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
  readonly #sending: Sending;
  readonly #ways: Ways;
  readonly #transactionalPartitions: KnownPartitions;
  readonly #connection: Connection<Lanes>;
  readonly connect: () => Promise<void>;
  /** Waits for what was sent, within the retries' time. */
  readonly disconnect: () => Promise<void>;

  /** @throws KafkaJSNonRetriableError when `idempotent` contradicts `retry` */
  constructor(parts: ProducerParts) {
    const { createPartitioner, idempotent } = parts.producer;
    const { budget, metadataMaxAgeMs } = parts.options;
    if (idempotent && budget.retries < 1) {
      throw new KafkaJSNonRetriableError(
        'Idempotent producer must allow retries to protect against transient errors',
      );
    }
    this.#parts = parts;
    this.#instrumentation = new Instrumentation(parts.logger);
    this.#sending = new Sending(parts.options, createPartitioner, metadataMaxAgeMs);
    this.#transactionalPartitions = new KnownPartitions(metadataMaxAgeMs);
    this.#connection = new Connection({
      kafka: parts.kafka,
      budget,
      instrumentation: this.#instrumentation,
      events,
      make: (brokers) => new Lanes(parts.options, brokers, this.#instrumentation, parts.logger),
    });
    this.connect = this.#connection.connect;
    this.disconnect = this.#connection.disconnect;
    this.#ways = {
      idempotent: idempotent ?? false,
      ensureConnected: () => void this.#openLanes(),
      way: (settings) => this.#openLanes().lane(settings),
    };
  }

  readonly send = (record: ProducerRecord): Promise<RecordMetadata[]> =>
    this.#sending.send(record, [record], this.#ways);

  readonly sendBatch = async (batch: ProducerBatch): Promise<RecordMetadata[]> =>
    this.#sending.send(batch, batch.topicMessages ?? [], this.#ways);

  readonly isIdempotent = (): boolean => this.#ways.idempotent;

  readonly on = (
    eventName: EventName,
    listener: (event: InstrumentationEvent<never>) => void,
  ): (() => void) => this.#instrumentation.on(eventName, listener);

  readonly transaction = async (): Promise<Transaction> => {
    const { options, producer, application } = this.#parts;
    if (!producer.transactionalId) {
      throw new KafkaJSNonRetriableError('Must provide transactional id for transactional producer');
    }
    const lanes = this.#openLanes();
    return KafkaJSTransaction.begin({
      options,
      sending: this.#sending,
      engine: () => lanes.transactional(),
      partitions: this.#transactionalPartitions,
      ensureConnected: this.#ways.ensureConnected,
      renewEngine: (old) => lanes.renewTransactional(old),
      committed: (groupId, offsets) => application.markCommitted(groupId, offsets),
    });
  };

  readonly logger = (): Logger => this.#parts.logger;

  /** @throws KafkaJSError, in kafkajs's words, when the producer is not connected */
  #openLanes(): Lanes {
    const { open, isClosing } = this.#connection;
    if (open !== undefined) return open;
    if (isClosing) {
      throw new KafkaJSNonRetriableError(
        "The producer is disconnecting; therefore, it can't safely accept messages anymore",
      );
    }
    throw new KafkaJSError('The producer is disconnected');
  }
}
