// One transaction, from its beginning to its commit or abort.
import type { BatchResult } from '../delivery/batch-result';
import type { RecordMetadata } from '../delivery/record-metadata';
import { BatchError, ConfigError, MillraceError } from '../errors';
import type { BatchRecord, BytesLike, ProducerRecord } from '../intake/record';
import type { BatchOptions, SendOptions } from '../intake/send-options';
import type { CoordinatorCalls } from './coordinator-calls';
import { type GroupOffsets, readGroupOffsets } from './group-offsets';

/** What a transaction needs of its producer. */
export interface TransactionHost<K, V> {
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata>;
  sendBatch(records: readonly BatchRecord<K, V>[], options?: Partial<BatchOptions>): Promise<BatchResult>;
  /** Has everything sent so far delivered without waiting out `lingerMs`. */
  flush(): Promise<void>;
  /** Ends the waits of sends that wait for the buffer or for their topic. */
  giveUpWaiting(): void;
  /** @throws MillraceError what ended the producer: PRODUCER_CLOSED, or its fatal error. */
  ensureUsable(): void;
  isUsable(): boolean;
  /** Is told of an error of the coordinator, and gives it back. */
  noticed(error: unknown): unknown;
}

/**
 * Before it aborts, a transaction of which nothing has reached the brokers yet waits this long for the first record to do
 * so. Its partitions may not be registered with the coordinator, which, asked to abort a transaction it knows nothing of,
 * answers INVALID_TXN_STATE, and that librdkafka takes for the producer's end.
 */
const REGISTRATION_GRACE_MS = 5000;

/** unresolved: the commit timed out and goes on inside librdkafka. */
type State = 'active' | 'committing' | 'unresolved' | 'committed' | 'aborting' | 'aborted';

/** Waiting sends are told again and again to give up: a batch goes on from one topic to wait for another. */
const GIVE_UP_EVERY_MS = 20;

/**
 * What is sent through it becomes visible to consumers that read committed records all at once with `commit()`, or
 * never. A send need not be awaited: its failure makes `commit()` reject. The moment one has failed, whatever the reason,
 * the transaction can only be aborted.
 */
export class Transaction<K = BytesLike, V = BytesLike> {
  readonly #host: TransactionHost<K, V>;
  readonly #calls: CoordinatorCalls;
  #state: State = 'active';
  /** The first failure of a record or of offsets. */
  #failure: MillraceError | undefined;
  #ending: Promise<void> = Promise.resolve();
  #asked: Promise<void> | undefined;
  #unsettled = 0;
  /** Something of it has been acknowledged. */
  #registered = false;
  #onSettled: (() => void)[] = [];

  /** @internal `producer.beginTransaction()` makes transactions. */
  constructor(host: TransactionHost<K, V>, calls: CoordinatorCalls) {
    this.#host = host;
    this.#calls = calls;
  }

  /** Whether it may be used: neither `commit()` nor `abort()` is under way or has succeeded, and the producer has not ended. */
  isActive(): boolean {
    return this.#state === 'active' && this.#host.isUsable();
  }

  /** As `producer.send`. @throws (rejects with) what that does; TRANSACTION_FAILED, TRANSACTION_ENDED */
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata> {
    if (typeof options === 'function') return Promise.reject(noCallback());
    return this.#part(() => this.#host.send(record, options));
  }

  /** As `producer.sendBatch`. @throws (rejects with) what that does; TRANSACTION_FAILED, TRANSACTION_ENDED */
  sendBatch(records: readonly ProducerRecord<K, V>[], options?: SendOptions): Promise<BatchResult>;
  sendBatch(records: readonly BatchRecord<K, V>[], options: BatchOptions): Promise<BatchResult>;
  sendBatch(records: readonly BatchRecord<K, V>[], options?: Partial<BatchOptions>): Promise<BatchResult> {
    return this.#part(() => this.#host.sendBatch(records, options));
  }

  /**
   * Makes a consumer group's offsets part of the transaction: they are committed with its records or not at all. The
   * consumer must not commit them itself.
   * @throws (rejects with) MillraceError INVALID_RECORD; TRANSACTION_FAILED, TRANSACTION_ENDED; the brokers' code:
   *   `fatal` when the producer has ended, else the transaction must be aborted
   */
  sendOffsets(offsets: GroupOffsets): Promise<void> {
    return this.#part(async () => {
      const position = readGroupOffsets(offsets);
      if (position.positions.length === 0) return;
      try {
        await this.#calls.sendOffsets(position);
      } catch (error) {
        throw this.#host.noticed(await this.#reasonBehind(error as MillraceError));
      }
    });
  }

  /**
   * Waits for everything sent, then makes it visible. May be called again after COMMIT_TIMEOUT, and only then.
   * @throws (rejects with) MillraceError with `abortable` true when the transaction can only be aborted (TRANSACTION_FAILED
   *   with the first failure as its cause, or the coordinator's code), with `fatal` true when the producer has ended
   *   (_FENCED, …); COMMIT_TIMEOUT when the outcome is unknown; TRANSACTION_ENDED
   */
  async commit(): Promise<void> {
    this.#host.ensureUsable();
    if (this.#state !== 'unresolved') this.#ensureActive();
    this.#asked = this.#end(() => this.#commit());
    await this.#asked;
  }

  async #commit(): Promise<void> {
    const resumed = this.#state === 'unresolved';
    this.#state = 'committing';
    try {
      if (!resumed) await this.#settle();
    } catch (error) {
      this.#state = 'active';
      throw this.#host.noticed(error);
    }
    try {
      await this.#calls.commit();
      this.#state = 'committed';
    } catch (error) {
      throw this.#commitFailed(error as MillraceError);
    }
  }

  /**
   * Takes everything back. What is not delivered yet fails with TRANSACTION_ABORTED; every send has settled when this
   * resolves. May be called again when it fails, unless the error is fatal.
   * @throws (rejects with) MillraceError with the coordinator's code; TRANSACTION_ENDED; COMMIT_TIMEOUT after a commit that
   *   timed out, which cannot be taken back
   */
  async abort(): Promise<void> {
    if (this.#state === 'unresolved') throw commitTimeout(undefined);
    this.#host.ensureUsable();
    this.#ensureActive();
    this.#asked = this.takeBack();
    await this.#asked;
  }

  /** @internal Aborts, also while the producer closes. */
  takeBack(): Promise<void> {
    if (this.#state === 'aborting') return this.#ending;
    return this.#end(() => this.#abort());
  }

  async #abort(): Promise<void> {
    this.#state = 'aborting';
    try {
      // It may be a serializer that asks for it, in the middle of a batch that is being packed.
      await null;
      void this.#host.flush();
      const givingUp = setInterval(() => this.#host.giveUpWaiting(), GIVE_UP_EVERY_MS);
      try {
        this.#host.giveUpWaiting();
        await this.#registration();
        await this.#calls.abort();
        await this.#allSettled();
      } finally {
        clearInterval(givingUp);
      }
      this.#state = 'aborted';
    } catch (error) {
      this.#state = 'active';
      throw this.#host.noticed(error);
    }
  }

  /** @internal Whether a commit timed out, so that it must be resumed before the producer can go on. */
  get unresolved(): boolean {
    return this.#state === 'unresolved';
  }

  /** @internal Whether it stands in the way of another one. */
  get ended(): boolean {
    return this.#state === 'committed' || this.#state === 'aborted';
  }

  /** @internal Resolves, or rejects, with the commit or abort that was begun last, be it by the producer's close. */
  get ending(): Promise<void> {
    return this.#ending;
  }

  /** @internal Of the last commit() or abort() that was let begin. */
  get asked(): Promise<void> | undefined {
    return this.#asked;
  }

  #end(how: () => Promise<void>): Promise<void> {
    this.#ending = how();
    return this.#ending;
  }

  /** Something that must have succeeded before the transaction may be committed. */
  #part<T>(start: () => Promise<T>): Promise<T> {
    let part: Promise<T>;
    try {
      this.#host.ensureUsable();
      this.#ensureActive();
    } catch (error) {
      return Promise.reject(error);
    }
    this.#unsettled++;
    if (this.#failure === undefined) part = start();
    else part = Promise.reject(transactionFailed(this.#failure));
    // Handled here: a rejection that nobody else looks at is told by commit().
    part.then(this.#succeeded, this.#failed);
    return part;
  }

  readonly #succeeded = () => {
    this.#registered = true;
    this.#settled();
  };

  readonly #failed = (error: unknown) => {
    markAbortable(error);
    if (error instanceof BatchError && error.result.deliveredCount > 0) this.#registered = true;
    this.#failure ??= error as MillraceError;
    this.#settled();
  };

  #settled(): void {
    this.#unsettled--;
    for (const look of this.#onSettled) look();
  }

  /** Resolves when all parts have settled, or when `enough` says so after one of them. */
  #allSettled(enough = () => false): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#unsettled > 0 && !enough()) return;
        this.#onSettled = this.#onSettled.filter((other) => other !== look);
        resolve();
      };
      this.#onSettled.push(look);
      look();
    });
  }

  async #registration(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, REGISTRATION_GRACE_MS);
    });
    await Promise.race([this.#allSettled(() => this.#registered), over]);
    clearTimeout(timer);
  }

  /** Waits for all parts. @throws MillraceError when one failed */
  async #settle(): Promise<void> {
    await Promise.all([this.#host.flush(), this.#allSettled()]);
    this.#host.ensureUsable();
    if (this.#failure !== undefined) throw await this.reasonOf(this.#failure);
  }

  /** @internal Why the transaction must be aborted: this failure of a part, or what is behind it. Fatal, or TRANSACTION_FAILED. */
  async reasonOf(failure: MillraceError): Promise<MillraceError> {
    const ailment = await this.#calls.ailment();
    if (ailment?.fatal) return ailment;
    const first = failure instanceof BatchError ? failure.errors[0] : failure;
    // librdkafka has taken the record back because of something else.
    return transactionFailed(
      first.code === 'TRANSACTION_ABORTED' && ailment !== undefined ? ailment : failure,
    );
  }

  /** Offsets added after something else went wrong fail with _STATE, which tells nothing. */
  async #reasonBehind(error: MillraceError): Promise<MillraceError> {
    if (error.code !== '_STATE') return error;
    return (await this.#calls.ailment()) ?? error;
  }

  #commitFailed(error: MillraceError): unknown {
    if (error.fatal) {
      this.#state = 'active';
    } else if (error.retriable) {
      this.#state = 'unresolved';
      return commitTimeout(error);
    } else {
      this.#state = 'active';
      this.#failure ??= error;
    }
    return this.#host.noticed(error);
  }

  #ensureActive(): void {
    if (this.#state === 'active') return;
    const words = {
      committing: 'is being committed',
      unresolved: 'is being committed',
      committed: 'has been committed',
      aborting: 'is being aborted',
      aborted: 'has been aborted',
    };
    throw new MillraceError(`the transaction ${words[this.#state]}`, 'TRANSACTION_ENDED');
  }
}

/** A transaction has to know of each send's end; a callback, which `producer.send` takes, tells its caller alone. */
function noCallback(): ConfigError {
  return new ConfigError('transaction.send: options must be an object, got a function: it takes no callback');
}

function transactionFailed(cause: MillraceError): MillraceError {
  return new MillraceError(
    `the transaction must be aborted, because part of it failed: ${cause.message}`,
    'TRANSACTION_FAILED',
    { abortable: true, cause },
  );
}

function commitTimeout(cause: MillraceError | undefined): MillraceError {
  const because = cause === undefined ? '' : `: ${cause.message}`;
  return new MillraceError(
    'whether the transaction has been committed is not known: its coordinator did not answer within ' +
      `transactionTimeoutMs. Call commit() again${because}`,
    'COMMIT_TIMEOUT',
    { cause },
  );
}

/** The error was made where nobody knows of transactions. */
function markAbortable(error: unknown): void {
  if (!(error instanceof MillraceError) || error.fatal) return;
  (error as { abortable: boolean }).abortable = true;
  if (error instanceof BatchError) error.errors.forEach(markAbortable);
}
