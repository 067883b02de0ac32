// kafkajs's transaction in front of the engine's.
import type { Producer } from '../producer';
import type { Transaction as EngineTransaction } from '../transactions/transaction';
import type { EngineOptions } from './engine-options';
import { KafkaJSNonRetriableError, KafkaJSNotImplemented } from './errors';
import { TRANSACTION_ENDED, toKafkaJSError } from './failure';
import { deliver } from './lane';
import type { Sending, Ways } from './sending';
import type { Offsets, ProducerBatch, ProducerRecord, RecordMetadata, Transaction } from './types';

export interface TransactionParts {
  options: EngineOptions;
  sending: Sending;
  /** The client of all of its producer's transactions. */
  engine: Producer;
  ensureConnected: () => void;
  /**
   * Has the next transaction go through another client. librdkafka goes on counting after records that a broker has
   * refused, so that the next transaction to the same partition would fail with OUT_OF_ORDER_SEQUENCE_NUMBER.
   */
  renewEngine: () => Promise<void>;
  /** Is told of offsets that were committed with the transaction. */
  committed: (groupId: string, offsets: Offsets) => void;
}

/** Methods are properties, so that they may be taken off the object, as kafkajs's may. */
export class KafkaJSTransaction implements Transaction {
  readonly #parts: TransactionParts;
  readonly #transaction: EngineTransaction;
  readonly #ways: Ways;
  #ended = false;
  #failed = false;
  readonly #offsets: { groupId: string; offsets: Offsets }[] = [];

  /** @throws (rejects with) KafkaJSNonRetriableError when one is open already */
  static async begin(parts: TransactionParts): Promise<KafkaJSTransaction> {
    try {
      return new KafkaJSTransaction(parts, await parts.engine.beginTransaction());
    } catch (error) {
      if ((error as { code?: unknown }).code === 'TRANSACTION_OPEN') {
        throw new KafkaJSNonRetriableError(
          'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
          { cause: error },
        );
      }
      throw toKafkaJSError(error, parts.options.budget);
    }
  }

  private constructor(parts: TransactionParts, transaction: EngineTransaction) {
    this.#parts = parts;
    this.#transaction = transaction;
    const { engine, options, ensureConnected } = parts;
    this.#ways = {
      idempotent: true,
      ensureConnected,
      way: ({ compression }) => {
        if (compression !== 'none' && compression !== options.transactionCompression) {
          throw new KafkaJSNotImplemented(
            `A transaction cannot choose its compression (${compression}): the option transactionCompression of ` +
              'producer() does, for all of its transactions',
          );
        }
        return {
          deliver: async (outgoing) => {
            try {
              return await deliver(transaction, outgoing);
            } catch (error) {
              this.#failed = true;
              throw error;
            }
          },
          partitionsFor: (topic) => engine.partitionsFor(topic),
        };
      },
    };
  }

  readonly isActive = (): boolean => this.#transaction.isActive();

  readonly send = async (record: ProducerRecord): Promise<RecordMetadata[]> => {
    this.#ensureNotEnded();
    const { topic, messages, acks, timeout, compression } = record;
    return this.sendBatch({ acks, timeout, compression, topicMessages: [{ topic, messages }] });
  };

  readonly sendBatch = async (batch: ProducerBatch): Promise<RecordMetadata[]> => {
    this.#ensureNotEnded();
    return this.#parts.sending.send(batch, this.#ways);
  };

  readonly sendOffsets = async (given: Offsets & { consumerGroupId: string }): Promise<void> => {
    this.#ensureNotEnded();
    const { consumerGroupId } = given;
    // kafkajs's own uncommittedOffsets() has partitions in digits.
    const topics = given.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((position) => ({ ...position, partition: Number(position.partition) })),
    }));
    await this.#inOurWords(this.#transaction.sendOffsets({ consumerGroupId, topics }));
    this.#offsets.push({ groupId: consumerGroupId, offsets: { topics } });
  };

  readonly commit = async (): Promise<void> => {
    this.#ensureNotEnded();
    await this.#inOurWords(this.#transaction.commit());
    this.#ended = true;
    for (const { groupId, offsets } of this.#offsets) this.#parts.committed(groupId, offsets);
  };

  readonly abort = async (): Promise<void> => {
    this.#ensureNotEnded();
    await this.#inOurWords(this.#transaction.abort());
    this.#ended = true;
    if (this.#failed) await this.#parts.renewEngine();
  };

  // What ended otherwise, with its producer, says why when it is asked for something.
  #ensureNotEnded(): void {
    if (this.#ended) throw new KafkaJSNonRetriableError(TRANSACTION_ENDED);
  }

  async #inOurWords(call: Promise<void>): Promise<void> {
    try {
      await call;
    } catch (error) {
      throw toKafkaJSError(error, this.#parts.options.budget);
    }
  }
}
