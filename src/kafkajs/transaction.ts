// kafkajs's transaction in front of the engine's.
import assert from 'node:assert';
import { MillraceError } from '../errors';
import type { Producer } from '../producer';
import { readGroupOffsets } from '../transactions/group-offsets';
import type { Transaction as EngineTransaction } from '../transactions/transaction';
import type { EngineOptions } from './engine-options';
import { KafkaJSNonRetriableError, KafkaJSNotImplemented } from './errors';
import { isFenced, TRANSACTION_ENDED, toKafkaJSError } from './failure';
import type { KnownPartitions } from './known-partitions';
import { deliver } from './lane';
import type { Sending, Ways } from './sending';
import { checkForTransaction } from './transaction-check';
import type { Offsets, ProducerBatch, ProducerRecord, RecordMetadata, Transaction } from './types';

export interface TransactionParts {
  options: EngineOptions;
  sending: Sending;
  /** The client of its producer's transactions. */
  engine: () => Producer;
  /** Of the topics that its producer's transactions have sent to. */
  partitions: KnownPartitions;
  ensureConnected: () => void;
  /**
   * Has the next transaction go through another client than this one. librdkafka goes on counting after records that a broker has
   * refused, so that the next transaction to the same partition would fail with OUT_OF_ORDER_SEQUENCE_NUMBER.
   */
  renewEngine: (old: Producer) => Promise<void>;
  /** Is told of offsets that were committed with the transaction. */
  committed: (groupId: string, offsets: Offsets) => void;
}

/** Methods are properties, so that they may be taken off the object, as kafkajs's may. */
export class KafkaJSTransaction implements Transaction {
  readonly #parts: TransactionParts;
  readonly #engine: Producer;
  readonly #transaction: EngineTransaction;
  readonly #sends = new Set<Promise<unknown>>();
  readonly #ways: Ways;
  #ended = false;
  #failed = false;
  readonly #offsets: { groupId: string; offsets: Offsets }[] = [];

  /** @throws (rejects with) KafkaJSNonRetriableError when one is open already */
  static async begin(parts: TransactionParts, renewed = false): Promise<KafkaJSTransaction> {
    let engine: Producer | undefined;
    try {
      engine = parts.engine();
      return new KafkaJSTransaction(parts, engine, await engine.beginTransaction());
    } catch (error) {
      if (engine !== undefined && isFatal(error) && !renewed) {
        await parts.renewEngine(engine);
        return KafkaJSTransaction.begin(parts, true);
      }
      if ((error as { code?: unknown }).code === 'TRANSACTION_OPEN') {
        throw new KafkaJSNonRetriableError(
          'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
          { cause: error },
        );
      }
      throw toKafkaJSError(error, parts.options.budget);
    }
  }

  private constructor(parts: TransactionParts, engine: Producer, transaction: EngineTransaction) {
    this.#parts = parts;
    this.#engine = engine;
    this.#transaction = transaction;
    const { options, partitions, ensureConnected } = parts;
    const partitionsFor = (topic: string) => engine.partitionsFor(topic);
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
          deliver: async (outgoing, prepare) => {
            await prepare?.(partitionsFor);
            await checkForTransaction(outgoing, partitions, partitionsFor);
            try {
              return await deliver(transaction, outgoing);
            } catch (error) {
              this.#failed = true;
              throw error;
            }
          },
        };
      },
    };
  }

  readonly isActive = (): boolean => this.#transaction.isActive();

  readonly send = async (record: ProducerRecord): Promise<RecordMetadata[]> => {
    this.#ensureNotEnded();
    const { topic, messages, acks, timeout, compression } = record;
    // Not through `sendBatch`: who has put something else in its place would see one call twice.
    return this.#send({ acks, timeout, compression, topicMessages: [{ topic, messages }] });
  };

  readonly sendBatch = async (batch: ProducerBatch): Promise<RecordMetadata[]> => {
    this.#ensureNotEnded();
    return this.#send(batch);
  };

  readonly sendOffsets = async (given: Offsets & { consumerGroupId: string }): Promise<void> => {
    this.#ensureNotEnded();
    const { consumerGroupId } = given;
    // In kafkajs's words.
    assert(consumerGroupId, 'Missing consumerGroupId');
    assert(given.topics, 'Missing offset topics');
    // kafkajs's own uncommittedOffsets() has partitions in digits.
    const topics = given.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((position) => ({ ...position, partition: Number(position.partition) })),
    }));
    const offsets = { consumerGroupId, topics };
    await this.#inOurWords(() => {
      // What cannot be read would be the transaction's end, once the engine has it.
      readGroupOffsets(offsets);
      return this.#transaction.sendOffsets(offsets);
    });
    this.#offsets.push({ groupId: consumerGroupId, offsets: { topics } });
  };

  readonly commit = async (): Promise<void> => {
    this.#ensureNotEnded();
    // What is still being checked is part of it as well.
    await Promise.allSettled(this.#sends);
    await this.#inOurWords(() => this.#transaction.commit());
    this.#ended = true;
    for (const { groupId, offsets } of this.#offsets) this.#parts.committed(groupId, offsets);
  };

  readonly abort = async (): Promise<void> => {
    this.#ensureNotEnded();
    await this.#inOurWords(() => this.#transaction.abort());
    this.#ended = true;
    if (this.#failed) await this.#parts.renewEngine(this.#engine);
  };

  async #send(batch: ProducerBatch): Promise<RecordMetadata[]> {
    const { options, sending } = this.#parts;
    if (batch.timeout !== undefined && batch.timeout !== null) {
      options.warnOnce(
        'timeout of a call has no effect in a transaction: transactionTimeout bounds all of it',
      );
    }
    const sent = sending.send(batch, batch.topicMessages ?? [], this.#ways);
    this.#sends.add(sent);
    try {
      return await sent;
    } finally {
      this.#sends.delete(sent);
    }
  }

  // What ended otherwise, with its producer, says why when it is asked for something.
  #ensureNotEnded(): void {
    if (this.#ended) throw new KafkaJSNonRetriableError(TRANSACTION_ENDED);
  }

  async #inOurWords(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      throw toKafkaJSError(error, this.#parts.options.budget);
    }
  }
}

/** The engine's client has ended. One that was fenced stays so: its successor is at work. */
function isFatal(error: unknown): boolean {
  return error instanceof MillraceError && error.fatal && !isFenced(error);
}
