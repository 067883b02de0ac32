// librdkafka's transactional calls: one at a time, each made again while its error says that this may help.
import type { NativeClient, NativeTransactionError } from '../addon';
import { kafkaErrorName, MillraceError } from '../errors';
import type { GroupPosition } from './group-offsets';

/** Calls that can be resumed hold a thread of libuv's pool, and closing, for no longer than this at a time. */
interface Slices {
  leastMs: number;
  firstMs: number;
  longestMs: number;
}

/** Short at first: resuming wakes librdkafka, which looks for the coordinator by a timer of half a second. */
const REGISTERING: Slices = { leastMs: 1, firstMs: 50, longestMs: 500 };
/**
 * Never short, not even when the time is over. Such a call first asks librdkafka's main thread for leave. Where that takes
 * longer than the slice, on a busy machine, librdkafka forgets which call it was, takes a commit's answer from the
 * coordinator for an abort's, and ends the process (`rd_kafka_txn_set_state`: invalid transition).
 */
const ENDING: Slices = { leastMs: 1000, firstMs: 1000, longestMs: 1000 };
/**
 * Between two attempts, when the first one failed at once; and after a call that was resumed. Of such a one librdkafka may
 * have more results than it was asked for: those that come while no call is open are dropped, others would be taken for
 * the next call's.
 */
const PAUSE_MS = 100;

export interface CoordinatorCallTimes {
  /** For as long the coordinator is asked again. */
  transactionTimeoutMs: number;
  /** For as long offsets may take: librdkafka cannot resume that call. */
  maxBlockMs: number;
}

export class CoordinatorCalls {
  readonly #client: NativeClient;
  readonly #times: CoordinatorCallTimes;
  #last: Promise<unknown> = Promise.resolve();
  /** Whether librdkafka has a transaction open, when the last call has ended. */
  #open = false;
  /** When to stop asking, because the producer closes. */
  #giveUpAt = Number.POSITIVE_INFINITY;

  constructor(client: NativeClient, times: CoordinatorCallTimes) {
    this.#client = client;
    this.#times = times;
  }

  /** Registers the producer: older ones of its id are fenced, what they left open is ended. */
  init(): Promise<void> {
    return this.#inTurn('the producer could not be registered for transactions', (timeoutMs) =>
      this.#client.initTransactions(timeoutMs),
    );
  }

  begin(): Promise<void> {
    return this.#inTurn('the transaction could not be begun', async () =>
      this.#leaves(true, await this.#client.beginTransaction()),
    );
  }

  sendOffsets({ group, positions }: GroupPosition): Promise<void> {
    const timeoutMs = Math.min(this.#times.maxBlockMs, this.#times.transactionTimeoutMs);
    return this.#inTurn(`the offsets of group ${group.id} could not be added to the transaction`, () =>
      this.#client.sendOffsets(
        group.id,
        group.generationId,
        group.memberId,
        group.instanceId,
        positions,
        Math.max(1, Math.min(timeoutMs, this.#timeUntilGivingUp())),
      ),
    );
  }

  commit(): Promise<void> {
    return this.#inTurn(
      'the transaction could not be committed',
      async (timeoutMs) => this.#leaves(false, await this.#client.commitTransaction(timeoutMs)),
      ENDING,
    );
  }

  /** An abort that failed may be tried again whatever the reason, unless it is fatal. */
  abort(): Promise<void> {
    return this.#inTurn(
      'the transaction could not be aborted',
      async (timeoutMs) => this.#leaves(false, await this.#client.abortTransaction(timeoutMs)),
      ENDING,
      ({ retriable, abortable }) => retriable || abortable,
    );
  }

  /**
   * What ails the open transaction: abortable or fatal; undefined when librdkafka sees nothing wrong, or when it has been ended by
   * a call that came before: asking would begin another.
   */
  async ailment(): Promise<MillraceError | undefined> {
    const call = this.#last.then(() => (this.#open ? this.#client.beginTransaction() : undefined));
    this.#last = call;
    const outcome = await call;
    if (outcome === undefined) return undefined;
    const error = asError('the transaction failed', outcome);
    return error.abortable || error.fatal ? error : undefined;
  }

  /** Calls under way, and those to come, are given up after this time. */
  limit(timeoutMs: number): void {
    this.#giveUpAt = performance.now() + timeoutMs;
  }

  #leaves(open: boolean, outcome: NativeTransactionError | undefined): NativeTransactionError | undefined {
    if (outcome === undefined) this.#open = open;
    return outcome;
  }

  #timeUntilGivingUp(): number {
    return Math.min(Math.ceil(this.#giveUpAt - performance.now()), 2147483647);
  }

  #inTurn(
    failure: string,
    call: (timeoutMs: number) => Promise<NativeTransactionError | undefined>,
    slices = REGISTERING,
    mayHelp: (error: MillraceError) => boolean = ({ retriable }) => retriable,
  ): Promise<void> {
    const turn = this.#last.then(() => this.#untilDone(failure, call, slices, mayHelp));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #untilDone(
    failure: string,
    call: (timeoutMs: number) => Promise<NativeTransactionError | undefined>,
    slices: Slices,
    mayHelp: (error: MillraceError) => boolean,
  ): Promise<void> {
    const deadline = performance.now() + this.#times.transactionTimeoutMs;
    for (let sliceMs = slices.firstMs, resumed = false; ; resumed = true) {
      const started = performance.now();
      const left = Math.min(Math.ceil(deadline - started), this.#timeUntilGivingUp());
      const outcome = await call(Math.max(slices.leastMs, Math.min(sliceMs, left)));
      sliceMs = Math.min(sliceMs * 2, slices.longestMs);
      if (resumed) await pause(PAUSE_MS);
      if (outcome === undefined) return;
      const error = asError(failure, outcome);
      const now = performance.now();
      if (!mayHelp(error) || now >= Math.min(deadline, this.#giveUpAt)) throw error;
      if (now - started < PAUSE_MS) await pause(PAUSE_MS);
    }
  }
}

function asError(
  failure: string,
  [code, text, retriable, abortable, fatal]: NativeTransactionError,
): MillraceError {
  return new MillraceError(`${failure}: ${text}`, kafkaErrorName(code), { retriable, abortable, fatal });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
