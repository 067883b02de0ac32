// Batches whose records a module serializes: in a pool of threads, or in the caller's, whichever serves better.
import { availableParallelism } from 'node:os';
import type { BatchPart } from '../delivery/batch-result';
import { BatchResult } from '../delivery/batch-result';
import { emptyReport, REFUSED } from '../delivery/delivery-report';
import { BatchError, ConfigError, describeValue, RecordError, withoutStack } from '../errors';
import { isTopicName } from '../intake/check-record';
import type { BatchRecord } from '../intake/record';
import { closedError } from '../lifecycle';
import { ModeChoice, type ModeMetrics, type WorkerMode } from './mode-choice';
import type { PartOutcome, PoolFailure, PoolUser } from './pool-messages';
import { PoolThread } from './pool-thread';
import type { ProducerHandle } from './producer-handle';
import { toColumns } from './record-columns';
import { threadOf } from './thread-of-key';
import { loadWorkerModule, type WorkerModulePath } from './worker-module';

export interface WorkersOptions extends WorkerModulePath {
  /** Default 'auto': by measurement, topic by topic. */
  readonly mode?: 'auto' | WorkerMode;
  /** Of the pool, which all producers of the process share. Default: one less than the machine runs at once, at least 1. */
  readonly threads?: number;
}

export interface WorkersMetrics {
  /** By topic. */
  readonly topics: Record<string, ModeMetrics>;
  /** Threads begun since, by whoever shares them: more than `threads`, when some have failed. */
  readonly threadsStarted: number;
  /** Records given to `sendBatch` whose outcome is not known. */
  readonly recordsInHand: number;
}

/** Records on their way to and in the pool; further batches wait. */
const MAX_RECORDS_IN_HAND = 100_000;
/** What a hand-over costs is found out with so many records. */
const PROBE_RECORDS = 100;

type InlineProducer = {
  sendBatch(
    records: readonly BatchRecord<unknown, unknown>[],
    options: { topic: string },
  ): Promise<BatchResult>;
  close(): Promise<unknown>;
};

/** From `producer.workers()`. */
export class Workers<K = unknown, V = unknown> {
  readonly #options: WorkersOptions;
  readonly #user: PoolUser;
  readonly #threads: PoolThread[];
  readonly #startedBefore: number;
  readonly #attach: (module: object) => InlineProducer;
  readonly #choices = new Map<string, ModeChoice>();
  #inline: Promise<InlineProducer> | undefined;
  /** Batches begin one after the other: the order of a key is that of the calls. */
  #turn: Promise<void> = Promise.resolve();
  #inHand = 0;
  #onLess: (() => void) | undefined;
  /** Settle with their batches. */
  readonly #pending = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  /** @internal See `producer.workers()`. */
  constructor(options: WorkersOptions, handle: ProducerHandle, attach: (module: object) => InlineProducer) {
    const { module, export: name, options: given, mode = 'auto', threads = defaultThreads() } = options;
    if (!['auto', 'inline', 'pool'].includes(mode)) {
      throw new ConfigError(`workers: mode must be 'auto', 'inline' or 'pool', got ${describeValue(mode)}`);
    }
    if (!Number.isInteger(threads) || threads < 1 || threads > 128) {
      throw new ConfigError(
        `workers: threads must be an integer from 1 to 128, got ${describeValue(threads)}`,
      );
    }
    if (typeof module !== 'string' && !(module instanceof URL)) {
      throw new ConfigError(
        `workers: module must be a path, a URL or a package, got ${describeValue(module)}`,
      );
    }
    if (mode !== 'inline') checkCloneable(given);
    this.#options = { ...options, mode };
    this.#attach = attach;
    this.#user = { id: nextUser++, handle, module: { module: String(module), export: name, options: given } };
    this.#threads = PoolThread.take(threads);
    this.#startedBefore = startedOf(this.#threads);
  }

  /**
   * Sends records of one topic, in the order of the calls for each key (and for each partition that records without key
   * name). The array and its records must not be changed until the promise has settled.
   * @throws (rejects with) BatchError when some records failed, among others with MODULE_FAILED, and WORKER_FAILED where
   *   a thread ended that had them in hand; MillraceError PRODUCER_CLOSED; ConfigError
   */
  async sendBatch(topic: string, records: readonly Omit<BatchRecord<K, V>, 'topic'>[]): Promise<BatchResult> {
    if (this.#closed !== undefined) throw closedError();
    if (!isTopicName(topic)) {
      throw new ConfigError(
        `workers.sendBatch: topic must be the name of a topic, got ${describeValue(topic)}`,
      );
    }
    const before = this.#turn;
    let next = () => {};
    this.#turn = new Promise((resolve) => {
      next = resolve;
    });
    let sent: Promise<BatchResult>;
    try {
      await before;
      await this.#room();
      const choice = this.#choiceOf(topic);
      // What one side has in hand must not be overtaken by the other.
      if (this.#options.mode === 'auto' && choice.look()) await Promise.allSettled(this.#pending);
      const mode = this.#options.mode === 'auto' ? choice.mode : this.#options.mode;
      const given = records as readonly BatchRecord<unknown, unknown>[];
      if (mode === 'pool') sent = this.#sendToPool(topic, given, choice);
      else sent = this.#sendInline(await this.#inlineProducer(), topic, given, choice);
      this.#keep(sent, records.length);
    } finally {
      next();
    }
    return sent;
  }

  /** Resolves when everything in hand is settled, and ends threads that nobody else uses. The producer goes on. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#turn;
    await Promise.allSettled(this.#pending);
    const inline = await this.#inline?.catch(() => undefined);
    await Promise.all([inline?.close(), ...this.#threads.map((thread) => thread.leave(this.#user))]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  metrics(): WorkersMetrics {
    const { mode } = this.#options;
    const forced = mode === 'auto' ? undefined : mode;
    return {
      topics: Object.fromEntries(
        [...this.#choices].map(([topic, choice]) => [topic, choice.metrics(forced)]),
      ),
      threadsStarted: startedOf(this.#threads) - this.#startedBefore,
      recordsInHand: this.#inHand,
    };
  }

  #choiceOf(topic: string): ModeChoice {
    let choice = this.#choices.get(topic);
    if (choice === undefined) {
      choice = new ModeChoice();
      this.#choices.set(topic, choice);
    }
    return choice;
  }

  #keep(sent: Promise<unknown>, records: number): void {
    this.#inHand += records;
    this.#pending.add(sent);
    const settled = () => {
      this.#inHand -= records;
      this.#pending.delete(sent);
      this.#onLess?.();
    };
    sent.then(settled, settled);
  }

  async #room(): Promise<void> {
    while (this.#inHand >= MAX_RECORDS_IN_HAND) {
      await new Promise<void>((resolve) => {
        this.#onLess = resolve;
      });
      this.#onLess = undefined;
    }
  }

  async #inlineProducer(): Promise<InlineProducer> {
    const { module, export: name, options } = this.#options;
    this.#inline ??= loadWorkerModule({ module, export: name, options }).then(this.#attach);
    try {
      return await this.#inline;
    } catch (error) {
      // The next batch tries again.
      this.#inline = undefined;
      throw error;
    }
  }

  #sendInline(
    producer: InlineProducer,
    topic: string,
    records: readonly BatchRecord<unknown, unknown>[],
    choice: ModeChoice,
  ): Promise<BatchResult> {
    const started = performance.now();
    const sent = producer.sendBatch(records, { topic });
    choice.measuredInline((performance.now() - started) * 1_000, Math.max(records.length, 1));
    if (choice.wantsProbe && this.#options.mode === 'auto' && records.length > 0) probe(records, choice);
    return sent;
  }

  async #sendToPool(
    topic: string,
    records: readonly BatchRecord<unknown, unknown>[],
    choice: ModeChoice,
  ): Promise<BatchResult> {
    const threads = this.#threads;
    const started = performance.now();
    const parts = divide(records, threads.length);
    const outcomes = parts.map(({ thread, indexes }) => {
      const part = indexes === undefined ? records : indexes.map((index) => records[index]);
      return threads[thread].send(this.#user, topic, part);
    });
    choice.measuredHandOver((performance.now() - started) * 1_000, Math.max(records.length, 1));
    const settled = await Promise.allSettled(outcomes);
    return gather(topic, records.length, parts, settled, choice);
  }
}

let nextUser = 0;

interface PoolPart {
  thread: number;
  /** undefined: all. */
  indexes: number[] | undefined;
}

// Records without key or partition need no order among each other: they go along with whoever is next.
let roundRobin = 0;

function divide(records: readonly BatchRecord<unknown, unknown>[], threads: number): PoolPart[] {
  roundRobin++;
  if (threads === 1) return [{ thread: 0, indexes: undefined }];
  const byThread: (number[] | undefined)[] = [];
  for (let i = 0; i < records.length; i++) {
    const thread = threadOf(records[i], threads) ?? roundRobin % threads;
    byThread[thread] ??= [];
    byThread[thread].push(i);
  }
  const parts: PoolPart[] = [];
  byThread.forEach((indexes, thread) => {
    if (indexes === undefined) return;
    parts.push({ thread, indexes: indexes.length === records.length ? undefined : indexes });
  });
  return parts;
}

function gather(
  topic: string,
  count: number,
  parts: readonly PoolPart[],
  settled: readonly PromiseSettledResult<PartOutcome>[],
  choice: ModeChoice,
): BatchResult {
  const refusals = new Map<number, RecordError>();
  const report = emptyReport(count, 0);
  const { partitions, offsets, timestamps, errors, timestampTypes } = report;
  partitions.fill(-1);
  offsets.fill(-1n);
  timestamps.fill(-1);
  settled.forEach((outcome, p) => {
    const indexOf = (i: number) => parts[p].indexes?.[i] ?? i;
    const size = parts[p].indexes?.length ?? count;
    if (outcome.status === 'rejected') {
      const failure = outcome.reason as PoolFailure;
      for (let i = 0; i < size; i++) {
        const message = `record ${indexOf(i)} for topic ${topic}: ${failure.message}`;
        refuse(indexOf(i), { ...failure, message });
      }
      return;
    }
    const { value } = outcome;
    choice.measuredInline(value.microseconds, Math.max(size, 1));
    for (let i = 0; i < size; i++) {
      const index = indexOf(i);
      partitions[index] = value.partitions[i];
      offsets[index] = value.offsets[i];
      timestamps[index] = value.timestamps[i];
      timestampTypes[index] = CREATE_TIME;
    }
    for (const failed of value.failed) {
      refuse(indexOf(failed.index), {
        ...failed,
        message: failed.message.replace(/^record \d+/, `record ${indexOf(failed.index)}`),
      });
    }
  });
  function refuse(index: number, { code, message, persisted, retriable }: PoolFailure) {
    errors[index] = REFUSED;
    const partition = partitions[index] < 0 ? undefined : partitions[index];
    refusals.set(
      index,
      withoutStack(() => new RecordError(message, code, { topic, partition, index, persisted, retriable })),
    );
  }
  const whole: BatchPart[] = count === 0 ? [] : [{ begin: 0, packedAt: 0, report }];
  const result = new BatchResult(count, refusals.size, whole, refusals, () => topic);
  if (refusals.size === 0) return result;
  throw new BatchError(
    [...refusals.values()].sort((a, b) => a.index - b.index),
    result,
  );
}

/** Of rd_kafka_timestamp_type_t; threads do not tell it. */
const CREATE_TIME = 1;

/** Cloning takes as long as handing over, and then as long again on the other side. */
function probe(records: readonly BatchRecord<unknown, unknown>[], choice: ModeChoice): void {
  const some = records.slice(0, PROBE_RECORDS);
  try {
    // Twice, because the first time is compiled.
    for (let i = 0; i < 2; i++) {
      const started = performance.now();
      const moved: ArrayBuffer[] = [];
      structuredClone(toColumns(some, moved), { transfer: moved });
      if (i === 1) choice.measuredHandOver(((performance.now() - started) * 1_000) / 2, some.length);
    }
  } catch {
    // What cannot be cloned stays here.
    choice.measuredHandOver(Number.POSITIVE_INFINITY, 1);
  }
}

function checkCloneable(options: unknown): void {
  try {
    structuredClone(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`workers: options must be such as can be cloned for another thread: ${reason}`);
  }
}

function startedOf(threads: readonly PoolThread[]): number {
  return threads.reduce((sum, { started }) => sum + started, 0);
}

function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}
