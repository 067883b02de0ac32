// A producer's transactions, one after the other.
import { check, FUNCTION, integerFrom, readOptions } from '../check-given';
import { BatchError, MillraceError, mayPassByItself } from '../errors';
import type { BytesLike } from '../intake/record';
import type { CoordinatorCalls } from './coordinator-calls';
import { Transaction, type TransactionHost } from './transaction';

export interface TransactOptions {
  /**
   * How often the whole function may be run again, in a new transaction, after one was aborted for a reason that may pass
   * by itself. Everything it does beside the transaction is then done again too. Default 0.
   */
  retries?: number | undefined;
}

const RULES = { retries: integerFrom(0) };

/** What the producer gives, its sends being those of a transaction: the rest of a TransactionHost is seen to here. */
export interface TransactionProducer<K, V>
  extends Pick<TransactionHost<K, V>, 'send' | 'sendBatch' | 'flush' | 'giveUpWaiting'> {
  /** @throws MillraceError PRODUCER_CLOSED */
  ensureOpen(): void;
  isOpen(): boolean;
  /** What librdkafka said ended it. */
  fatal(): MillraceError | undefined;
}

/**
 * Abortable errors after which the coordinator gives the producer a new epoch: the next transaction may do. The last comes
 * to the first record of the transaction after one whose record a broker refused: librdkafka leaves a gap in the sequence.
 */
const CURED_BY_ABORT: ReadonlySet<string> = new Set([
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_ID_MAPPING',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
]);

/** Of a send that no transaction makes. */
export function outsideTransaction(): MillraceError {
  return new MillraceError(
    "a producer with transactionalId sends within transactions only: use the transaction's send and sendBatch",
    'OUTSIDE_TRANSACTION',
  );
}

export class Transactions<K = BytesLike, V = BytesLike> {
  readonly #producer: TransactionProducer<K, V>;
  readonly #calls: CoordinatorCalls;
  readonly #host: TransactionHost<K, V>;
  #registered: Promise<void> | undefined;
  #current: Transaction<K, V> | undefined;
  /** The current transaction's owner has let go of it before it ended. */
  #abandoned = false;
  #beginning: Promise<unknown> | undefined;
  #fatal: MillraceError | undefined;

  constructor(producer: TransactionProducer<K, V>, calls: CoordinatorCalls) {
    this.#producer = producer;
    this.#calls = calls;
    this.#host = {
      send: producer.send,
      sendBatch: producer.sendBatch,
      flush: producer.flush,
      giveUpWaiting: producer.giveUpWaiting,
      ensureUsable: () => this.#ensureUsable(),
      isUsable: () => producer.isOpen() && this.#fatalError() === undefined,
      noticed: (error) => this.#noticed(error),
    };
  }

  async begin(): Promise<Transaction<K, V>> {
    this.#ensureUsable();
    const current = this.#current;
    const open = current !== undefined && !current.ended && !current.unresolved && !this.#abandoned;
    if (open || this.#beginning !== undefined) {
      throw new MillraceError(
        'a transaction is open: a producer has one at a time. Commit or abort it first, or use another producer',
        'TRANSACTION_OPEN',
      );
    }
    const beginning = this.#begin();
    this.#beginning = beginning;
    try {
      return await beginning;
    } catch (error) {
      throw this.#noticed(error);
    } finally {
      this.#beginning = undefined;
    }
  }

  async transact<T>(
    work: (transaction: Transaction<K, V>) => Promise<T> | T,
    options: TransactOptions | undefined,
  ): Promise<T> {
    check('transact: work', FUNCTION, work);
    const { retries = 0 } = readOptions<TransactOptions>('transact', options, RULES);
    for (let left = retries; ; left--) {
      const transaction = await this.begin();
      try {
        const result = await work(transaction);
        // The work may have ended it by itself. What else ended it, a close or a fatal error, committed nothing.
        await (transaction.asked ?? transaction.commit());
        return result;
      } catch (thrown) {
        const error = await this.#reasonOf(thrown, transaction);
        const undone = await this.#undo(transaction);
        if (undone && left > 0 && isWorthAnotherRun(error)) continue;
        throw this.#inFatalWords(error);
      }
    }
  }

  /** Ends what is open: aborts it unless it is being committed. Never rejects: the coordinator ends what it cannot. */
  async close(timeoutMs: number): Promise<void> {
    this.#calls.limit(timeoutMs);
    await this.#beginning?.catch(() => {});
    await this.#current?.ending.catch(() => {});
    if (this.#current !== undefined) await this.#undo(this.#current);
  }

  async #begin(): Promise<Transaction<K, V>> {
    await this.#finishAbandoned();
    this.#registered ??= this.#calls.init();
    try {
      await this.#registered;
    } catch (error) {
      this.#registered = undefined;
      throw error;
    }
    await this.#calls.begin();
    this.#current = new Transaction(this.#host, this.#calls);
    this.#abandoned = false;
    this.#ensureUsable();
    return this.#current;
  }

  /** A record that was taken back does not say why. */
  async #reasonOf(thrown: unknown, transaction: Transaction<K, V>): Promise<unknown> {
    const first = thrown instanceof BatchError ? thrown.errors[0] : thrown;
    if (
      !transaction.isActive() ||
      (first as { code?: unknown } | undefined)?.code !== 'TRANSACTION_ABORTED'
    ) {
      return thrown;
    }
    return this.#noticed(await transaction.reasonOf(thrown as MillraceError));
  }

  /** librdkafka goes on with what it has begun to commit or abort: it must be waited for. */
  async #finishAbandoned(): Promise<void> {
    const current = this.#current;
    if (current === undefined || current.ended) return;
    if (current.unresolved) {
      try {
        await current.commit();
        return;
      } catch (error) {
        if (!(error as MillraceError).abortable) throw error;
      }
    }
    await current.takeBack();
  }

  /** Whether the transaction is taken back. */
  async #undo(transaction: Transaction<K, V>): Promise<boolean> {
    if (transaction.ended || transaction.unresolved || this.#fatalError() !== undefined) return false;
    try {
      await transaction.takeBack();
      return true;
    } catch {
      // The next begin() tries again, and tells.
      this.#abandoned = true;
      return false;
    }
  }

  #fatalError(): MillraceError | undefined {
    return this.#fatal ?? this.#producer.fatal();
  }

  #ensureUsable(): void {
    this.#producer.ensureOpen();
    const fatal = this.#fatalError();
    if (fatal !== undefined) throw endedBy(fatal);
  }

  #noticed(error: unknown): unknown {
    if (error instanceof MillraceError && error.fatal) this.#fatal ??= error;
    return error;
  }

  /** What failed because the producer has ended is told as that. */
  #inFatalWords(error: unknown): unknown {
    const fatal = this.#fatalError();
    if (fatal === undefined || !(error instanceof MillraceError) || error.code === fatal.code) return error;
    return endedBy(fatal);
  }
}

/** Every call of a producer that a fatal error has ended says so, with its code. */
function endedBy(cause: MillraceError): MillraceError {
  return new MillraceError(`the producer has ended and must be replaced: ${cause.message}`, cause.code, {
    fatal: true,
    retriable: false,
    cause,
  });
}

function isWorthAnotherRun(error: unknown): boolean {
  if (!(error instanceof MillraceError) || error.fatal) return false;
  if (error.code === 'TRANSACTION_FAILED') return isWorthAnotherRun(error.cause);
  return (
    error.retriable || (error.abortable && (mayPassByItself(error.code) || CURED_BY_ABORT.has(error.code)))
  );
}
