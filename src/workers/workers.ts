// Batches whose records a module serializes: in a pool of threads, or in the caller's, whichever serves better.
import { availableParallelism } from 'node:os';
import {
  ANYTHING,
  check,
  checkCloneable,
  integerFrom,
  NAME,
  oneOf,
  readOptions,
  required,
} from '../check-given';
import type { BatchResult } from '../delivery/batch-result';
import { MillraceError } from '../errors';
import { countOf } from '../intake/batch-records';
import type { BatchRecord } from '../intake/record';
import { TOPIC } from '../intake/topic-name';
import { closedError } from '../lifecycle';
import { pause } from '../pause';
import { BatchesInHand } from './batches-in-hand';
import { type InlineProducer, InlineSender, sendInline } from './inline-sender';
import { MODULE } from './load-module';
import { ModeChoice, type ModeMetrics, type WorkerMode } from './mode-choice';
import { type DividedBatch, divide, gather, refuse } from './pool-batch';
import type { PoolUser } from './pool-messages';
import { PoolThread } from './pool-thread';
import type { ProducerHandle } from './producer-handle';
import { bytesIn } from './record-columns';
import type { WorkerModulePath } from './worker-module';

export interface WorkersOptions extends WorkerModulePath {
  /** Default 'auto': by measurement, topic by topic. */
  readonly mode?: 'auto' | WorkerMode | undefined;
  /** Of the pool, which all producers of the process share. Default: one less than the machine runs at once, at least 1. */
  readonly threads?: number | undefined;
}

const RULES = {
  module: required(MODULE),
  export: NAME,
  options: ANYTHING,
  mode: oneOf('auto', 'inline', 'pool'),
  threads: integerFrom(1, 128),
};

/** Each option, read once. @throws ConfigError */
export function readWorkersOptions(given: WorkersOptions): WorkersOptions {
  const options = readOptions<WorkersOptions>('workers', given, RULES) as WorkersOptions;
  if (options.mode !== 'inline') checkCloneable('workers: options', options.options);
  return options;
}

export interface WorkersMetrics {
  /** By topic. */
  readonly topics: Record<string, ModeMetrics>;
  /** Threads begun since, by whoever shares them: more than `threads`, when some have failed. */
  readonly threadsStarted: number;
  /** Records given to `sendBatch` whose outcome is not known. */
  readonly recordsInHand: number;
}

/** A serializer may take so long for what a thread has in hand, beyond what delivery may take. */
const SERIALIZING_MS = 30_000;
/** Of Node. */
const LONGEST_TIMER_MS = 2147483647;
/** Outcomes that threads know when the producer has closed come home within this time. */
const HOMECOMING_MS = 1_000;

/** From `producer.workers()`. */
export class Workers<K = unknown, V = unknown> {
  readonly #options: WorkersOptions;
  readonly #user: PoolUser;
  readonly #threads: PoolThread[];
  readonly #startedBefore: number;
  readonly #inline: InlineSender;
  readonly #onClosed: () => void;
  readonly #choices = new Map<string, ModeChoice>();
  /** Batches begin one after the other: the order of a key is that of the calls. */
  #turn: Promise<void> = Promise.resolve();
  readonly #inHand: BatchesInHand;
  #closed: Promise<void> | undefined;
  #ended = false;
  /** Whether the last batch could not go to the pool. */
  #stayed = false;

  /** @internal See `producer.workers()`. */
  constructor(
    options: WorkersOptions,
    handle: ProducerHandle,
    attach: (module: object) => InlineProducer,
    onClosed: () => void,
  ) {
    const { module, export: name, options: given, mode = 'auto', threads = defaultThreads() } = options;
    this.#options = { ...options, mode };
    this.#onClosed = onClosed;
    const { bufferMemory, maxBlockMs, deliveryTimeoutMs } = handle.options;
    this.#inline = new InlineSender(options, maxBlockMs, attach);
    this.#inHand = new BatchesInHand(bufferMemory);
    this.#user = {
      id: nextUser++,
      handle,
      module: { module: String(module), export: name, options: given },
      longestSilenceMs: Math.min(2 * maxBlockMs + deliveryTimeoutMs + SERIALIZING_MS, LONGEST_TIMER_MS),
    };
    this.#threads = PoolThread.take(threads);
    this.#startedBefore = startedOf(this.#threads);
  }

  /**
   * Sends records of one topic, in the order of the calls for each key (and for each partition that records without key
   * name). The array and its records must not be changed until the promise has settled.
   * @throws (rejects with) BatchError when some records failed, among others with MODULE_FAILED, and WORKER_FAILED where
   *   a thread ended that had them in hand; MillraceError PRODUCER_CLOSED, INVALID_RECORD when it is not given an array;
   *   ConfigError
   */
  async sendBatch(topic: string, records: readonly Omit<BatchRecord<K, V>, 'topic'>[]): Promise<BatchResult> {
    if (this.#closed !== undefined) throw closedError();
    check('workers.sendBatch: topic', TOPIC, topic);
    const count = countOf(records);
    const before = this.#turn;
    let next = () => {};
    this.#turn = new Promise((resolve) => {
      next = resolve;
    });
    let sent: Promise<BatchResult>;
    try {
      await before;
      await this.#inHand.room();
      if (this.#ended) throw closedError();
      const choice = this.#choiceOf(topic);
      const isAuto = this.#options.mode === 'auto';
      // What one side has in hand must not be overtaken by the other.
      if (isAuto && choice.look()) await this.#inHand.settled();
      const mode = isAuto ? choice.mode : this.#options.mode;
      const given = records as readonly BatchRecord<unknown, unknown>[];
      const bytes = bytesIn(given);
      const started = performance.now();
      const batch = mode === 'pool' ? divide(given, this.#threads.length) : undefined;
      const dividedInMs = performance.now() - started;
      const stays = isAuto && batch?.immovable === true;
      // Likewise where a batch has to stay here, though others go.
      if (stays || this.#stayed) await this.#inHand.settled();
      this.#stayed = stays;
      if (batch !== undefined && !stays) {
        sent = this.#sendToPool(topic, batch, dividedInMs, choice);
      } else {
        const producer = await this.#inline.producer();
        if (producer instanceof MillraceError) {
          if (this.#ended) throw producer;
          return refuse(topic, given, producer);
        }
        sent = sendInline(producer, topic, given, choice, isAuto);
      }
      this.#inHand.add(sent, count, bytes);
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
    await this.#inHand.settled();
    await Promise.all([this.#inline.close(), ...this.#threads.map((thread) => thread.leave(this.#user))]);
    this.#onClosed();
  }

  /** @internal The producer has closed: what its threads know comes home, and who does not answer is ended. */
  async end(): Promise<void> {
    this.#ended = true;
    const homecoming = pause(HOMECOMING_MS);
    const closed = this.close();
    await Promise.race([closed, homecoming.over]);
    if (homecoming.isOver) {
      this.#inline.giveUp();
      for (const thread of this.#threads) thread.end('the producer closed while it was at work');
    }
    homecoming.cancel();
    await closed;
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
      recordsInHand: this.#inHand.records,
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

  async #sendToPool(
    topic: string,
    batch: DividedBatch,
    dividedInMs: number,
    choice: ModeChoice,
  ): Promise<BatchResult> {
    const threads = this.#threads;
    const started = performance.now();
    const sent = batch.parts.map((part) => threads[part.thread].send(this.#user, topic, part.records));
    const handedOverInMs = dividedInMs + performance.now() - started;
    choice.measuredHandOver(handedOverInMs * 1_000, Math.max(batch.count, 1));
    const outcomes = await Promise.allSettled(sent);
    outcomes.forEach((outcome, p) => {
      if (outcome.status === 'fulfilled') {
        choice.measuredInline(outcome.value.microseconds, batch.parts[p].records.length);
      }
    });
    return gather(topic, batch, outcomes);
  }
}

let nextUser = 0;

function startedOf(threads: readonly PoolThread[]): number {
  return threads.reduce((sum, { started }) => sum + started, 0);
}

function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}
