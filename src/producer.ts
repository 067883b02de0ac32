// The producer: a record's way from the call to the promise, stage by stage.
import { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { callOut } from './call-out';
import { check, FUNCTION, readOptions } from './check-given';
import type { BatchResult } from './delivery/batch-result';
import { CLOSE_RULES, type CloseOptions, type CloseReceipt, receiptOf } from './delivery/close-receipt';
import type { RecordMetadata } from './delivery/record-metadata';
import { Engine, Ledger } from './engine';
import { ConfigError, describeValue, MillraceError, RecordError } from './errors';
import { BrokerEvents } from './handover/broker-events';
import { connect } from './handover/connect';
import { type IngestTarget, ingest } from './ingest/ingest';
import {
  type IngestOptions,
  type IngestReport,
  type IngestSource,
  readIngestOptions,
} from './ingest/ingest-options';
import { OpenIngestions } from './ingest/open-ingestions';
import type { Dispatch } from './intake/dispatch';
import type { Pipeline } from './intake/pipeline';
import type { BatchRecord, BytesLike, ProducerRecord } from './intake/record';
import { recordStream, type WritableOptions } from './intake/record-stream';
import { type SendAllOptions, type SendAllResult, sendAll } from './intake/send-all';
import type { BatchOptions, DeliveryCallback, SendOptions } from './intake/send-options';
import { type Sender, Sends } from './intake/sends';
import { isTopicName } from './intake/topic-name';
import { closedError, Lifecycle } from './lifecycle';
import type { ProducerOptions, ResolvedOptions } from './options/producer-options';
import { toLibrdkafka } from './options/to-librdkafka';
import { RulesByTopic } from './options/topic-rules';
import { validateOptions } from './options/validate';
import type { PartitionInfo } from './partition/topic';
import { type Pause, pause } from './pause';
import type { Listener, ProducerEvents } from './producer-events';
import { CoordinatorCalls } from './transactions/coordinator-calls';
import type { Transaction } from './transactions/transaction';
import { Transactions, type TransactOptions } from './transactions/transactions';
import type { ModeMetrics } from './workers/mode-choice';
import { type AttachOptions, makeHandle, type ProducerHandle, readHandle } from './workers/producer-handle';
import { readWorkersOptions, Workers, type WorkersOptions } from './workers/workers';

/** Of this thread's producer: others that share its client have their own. */
export interface ProducerMetrics {
  /** Bytes counted against `bufferMemory`. */
  bufferedBytes: number;
  /** This thread's part of it: an equal one for each thread that shares the client. */
  bufferMemory: number;
  /** Sends that wait for room in the buffer. */
  waitingSends: number;
  /** Records accepted and neither delivered nor failed yet. */
  outstandingRecords: number;
  /** Records that ever got into the buffer. */
  acceptedRecords: number;
  deliveredRecords: number;
  /** Records whose sends were rejected, accepted or not. */
  failedRecords: number;
  /** Of topics that went through `workers()`: where they are serialized, and why. */
  modes: Record<string, ModeMetrics>;
}

/**
 * Sends records to Kafka. Every promise settles: a record is delivered, or its send rejects with the reason within
 * `maxBlockMs` (not accepted) or `deliveryTimeoutMs` (accepted).
 */
export class Producer<K = BytesLike, V = BytesLike>
  extends EventEmitter<ProducerEvents>
  implements AsyncDisposable
{
  readonly #options: ResolvedOptions<K, V>;
  readonly #lifecycle = new Lifecycle<CloseReceipt<K, V>>(() => this.#open());
  readonly #ledger: Ledger;
  readonly #events: BrokerEvents;
  readonly #properties: [string, string][];
  /** What another thread shares, when this producer is attached. */
  #shared: ProducerHandle | undefined;
  /** Resolves in an attached producer when the owner closes. */
  readonly #ownerCloses: Promise<void>;
  #tellOwnerCloses!: () => void;
  readonly #rules: RulesByTopic<K, V>;
  readonly #sends: Sends<K, V>;
  readonly #workers = new Set<Workers>();
  readonly #ingestions = new OpenIngestions();

  // Once open:
  #engine!: Engine<K, V>;
  #transactions: Transactions<K, V> | undefined;

  /** Checks the options; connects to nothing. @throws ConfigError */
  constructor(options: ProducerOptions<K, V>) {
    super();
    this.#options = validateOptions(options);
    this.#properties = toLibrdkafka(this.#options);
    this.#rules = RulesByTopic.of(this.#options);
    this.#ledger = new Ledger(this.#options as ResolvedOptions<never, never>);
    this.#sends = new Sends(this.#sender());
    this.#events = new BrokerEvents({
      log: (event) => this.#tell('log', event),
      brokerError: (error) => this.#tell('brokerError', error),
      statistics: (json) => this.#tell('statistics', json),
      tokenRefresh: () => void this.#engine.tokens.refresh(),
      request: (event) => this.#tell('request', event),
      members: (count) => this.#ledger.memory.divide(count),
      sharingEnded: () => {
        this.#tellOwnerCloses();
        void this.close();
      },
    });
    this.#ownerCloses = new Promise((resolve) => {
      this.#tellOwnerCloses = resolve;
    });
  }

  override on<E extends keyof ProducerEvents>(event: E, listener: Listener<E>): this {
    this.#listenedTo(event);
    return super.on(event, listener as never);
  }

  override addListener<E extends keyof ProducerEvents>(event: E, listener: Listener<E>): this {
    return this.on(event, listener);
  }

  override prependListener<E extends keyof ProducerEvents>(event: E, listener: Listener<E>): this {
    this.#listenedTo(event);
    return super.prependListener(event, listener as never);
  }

  // Requests are only told of where somebody listens: there may be thousands a second.
  #listenedTo(event: keyof ProducerEvents): void {
    if (event === 'request' && this.#lifecycle.state === 'open') this.#engine.client.watchRequests();
  }

  #tell<E extends keyof ProducerEvents>(event: E, ...told: ProducerEvents[E]): void {
    callOut(() => this.emit(event, ...(told as never)));
  }

  /**
   * A producer in this thread that sends through the client of one that another thread of the process opened, on the
   * same connections. It has its own serializers and an equal part of `bufferMemory`; logs and broker errors are told
   * to the owner alone. Closing it ends this thread's part; when the owner closes, it closes too. If this thread ends
   * before, what it has sent is still delivered.
   * @throws ConfigError when `handle` is not from `share()` in this process; MillraceError PRODUCER_CLOSED when the
   *   owner is closed
   */
  static attach<K = BytesLike, V = BytesLike>(
    handle: ProducerHandle,
    options: AttachOptions<K, V> = {},
  ): Producer<K, V> {
    const producer = new Producer<K, V>(readHandle(handle, options));
    producer.#shared = handle;
    producer.#lifecycle.ensureOpen();
    return producer;
  }

  /**
   * What another thread of this process needs to send through this producer: pass it through `workerData` or
   * `postMessage` to `Producer.attach()`.
   * @throws MillraceError PRODUCER_CLOSED; ConfigError when librdkafka refuses a property, or with `transactionalId`
   */
  share(): ProducerHandle {
    if (this.#shared !== undefined) return this.#shared;
    if (this.#options.transactionalId !== undefined) {
      throw new ConfigError(
        'share: a producer with transactionalId serves one thread, which ends its transactions',
      );
    }
    this.#lifecycle.ensureOpen();
    return makeHandle(this.#engine.client.share(), this.#options);
  }

  /**
   * Resolves when a broker has answered. Sending does not need it: it finds out early that the brokers cannot be
   * reached.
   * @throws ConnectionError CONNECTION_FAILED when none has answered within `connectTimeoutMs`; at once, `_AUTHENTICATION`
   *   when one refused our credentials or no token could be had, `_SSL` when a certificate was refused
   * @throws ConfigError when librdkafka refuses a property
   * @throws MillraceError PRODUCER_CLOSED
   */
  async connect(): Promise<void> {
    this.#lifecycle.ensureOpen();
    const { connectTimeoutMs, bootstrapServers } = this.#options;
    const connecting = connect({
      client: this.#engine.client,
      events: this.#events,
      tokens: this.#engine.tokens,
      bootstrapServers,
      connectTimeoutMs,
      ensureOpen: () => {
        if (this.#lifecycle.state !== 'open') throw closedError();
      },
    });
    await this.#lifecycle.whileOpen(connecting);
  }

  /**
   * Sends one record. Sends made in the same turn of the event loop share a hand-over, after the first where nothing was on
   * its way. Buffers may be used again once the promise has settled, or at once unless the send had to wait. With a
   * callback there is no promise, and no unhandled rejection.
   * @throws ConfigError at once for a callback that is none
   * @throws (rejects with) RecordError, with PRODUCER_CLOSED after `close`; ConfigError for a `signal` that is none;
   *   MillraceError OUTSIDE_TRANSACTION with `transactionalId`
   */
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata>;
  send(record: ProducerRecord<K, V>, callback: DeliveryCallback): void;
  send(record: ProducerRecord<K, V>, options: SendOptions | undefined, callback: DeliveryCallback): void;
  send(
    record: ProducerRecord<K, V>,
    then?: SendOptions | DeliveryCallback,
    callback?: DeliveryCallback,
  ): Promise<RecordMetadata> | undefined {
    if (typeof then === 'function') {
      this.#sends.sendWithCallback(record, undefined, then);
      return undefined;
    }
    if (callback !== undefined) {
      check('send: callback', FUNCTION, callback);
      this.#sends.sendWithCallback(record, then, callback);
      return undefined;
    }
    return this.#sends.send(record, then);
  }

  /**
   * Sends any number of records, to any topics; those of one partition arrive in their order here. Where a topic is
   * used for the first time, the records behind wait with it, and later sends to known topics may overtake them. The array and
   * its records must not be changed until the promise has settled.
   * @throws (rejects with) BatchError when some records failed, with each one's error and the result of the others, and with
   *   the code PRODUCER_CLOSED after `close`; MillraceError INVALID_RECORD when it is not given an array, OUTSIDE_TRANSACTION with
   *   `transactionalId`
   */
  sendBatch(records: readonly ProducerRecord<K, V>[], options?: SendOptions): Promise<BatchResult>;
  sendBatch(records: readonly BatchRecord<K, V>[], options: BatchOptions): Promise<BatchResult>;
  sendBatch(records: readonly BatchRecord<K, V>[], options?: Partial<BatchOptions>): Promise<BatchResult> {
    return this.#sends.sendBatch(records, options);
  }

  /** As `send`, with a promise for each of its moments: being in the buffer, and being delivered. */
  dispatch(record: ProducerRecord<K, V>, options?: SendOptions): Dispatch<RecordMetadata> {
    return this.#sends.dispatch(record, options);
  }

  /** As `sendBatch`, with a promise for each of its moments. `accepted` comes when each record is in the buffer or refused. */
  dispatchBatch(records: readonly ProducerRecord<K, V>[], options?: SendOptions): Dispatch<BatchResult> {
    return this.#sends.dispatchBatch(records, options);
  }

  /**
   * A stream of records to write or pipe into, which takes as many as the buffer does. 'finish' comes when all are
   * delivered; the first record that fails destroys it, unless `onRecordError` is given.
   * @throws ConfigError
   */
  writable(options?: WritableOptions): Writable {
    return recordStream<K, V>((records) => this.dispatchBatch(records), options);
  }

  /**
   * Sends everything a source gives, in batches, no faster than the buffer takes it. Resolves when all is delivered.
   * @throws (rejects with) the first RecordError, when what was sent before has settled, unless `onRecordError` is given;
   *   whatever the source or `onRecordError` throws; ConfigError
   */
  sendAll(
    source: AsyncIterable<ProducerRecord<K, V>> | Iterable<ProducerRecord<K, V>>,
    options?: SendAllOptions,
  ): Promise<SendAllResult> {
    return sendAll(source, (records, signal) => this.dispatchBatch(records, { signal }), options);
  }

  /**
   * Asks the brokers for a topic's partitions.
   * @throws RecordError as a send to that topic would; MillraceError PRODUCER_CLOSED
   */
  async partitionsFor(topic: string): Promise<PartitionInfo[]> {
    if (!isTopicName(topic)) {
      throw new RecordError(
        `partitionsFor takes a topic's name, got ${describeValue(topic)}`,
        'INVALID_RECORD',
      );
    }
    this.#lifecycle.ensureOpen();
    return this.#engine.topics.describe(topic);
  }

  /**
   * Begins a transaction, and on the first call registers the producer with its coordinator: older producers of the same
   * `transactionalId` are fenced, what they left open is ended. A producer has one transaction at a time.
   * @throws (rejects with) MillraceError NOT_TRANSACTIONAL without `transactionalId`; TRANSACTION_OPEN; PRODUCER_CLOSED; the
   *   coordinator's code, `retriable` when none answered within `transactionTimeoutMs`, `fatal` when the producer must be
   *   replaced (_FENCED, INVALID_TRANSACTION_TIMEOUT, …)
   */
  async beginTransaction(): Promise<Transaction<K, V>> {
    return this.#transactional().begin();
  }

  /**
   * Runs `work` in a transaction of its own: commits when it has returned, aborts when it throws. What the brokers answer
   * with is tried again, aborted or told as docs/transactions.md says for each code.
   * @throws (rejects with) ConfigError; what `work` threw; MillraceError of `beginTransaction` and of `Transaction.commit`. With
   *   COMMIT_TIMEOUT the outcome is unknown; in all other cases nothing has become visible.
   */
  async transact<T>(
    work: (transaction: Transaction<K, V>) => Promise<T> | T,
    options?: TransactOptions,
  ): Promise<T> {
    return this.#transactional().transact(work, options);
  }

  #transactional(): Transactions<K, V> {
    if (this.#options.transactionalId === undefined) {
      throw new MillraceError(
        'a transaction needs a producer with the option transactionalId',
        'NOT_TRANSACTIONAL',
      );
    }
    this.#lifecycle.ensureOpen();
    return this.#transactions as Transactions<K, V>;
  }

  /**
   * Sends the lines of a file or of a stream of bytes, in their order, as fast as they can be delivered and no faster
   * than memory allows. They are taken apart in a thread of their own, by the addon where the format permits, and
   * become bytes: serializers are not asked. Resolves when everything is settled.
   * @throws (rejects with) IngestError, with the report so far, when the source fails, when a line fails and there are
   *   no `rejects`, or when the producer closes; ConfigError; MillraceError PRODUCER_CLOSED
   */
  async ingest(source: IngestSource, options: IngestOptions): Promise<IngestReport> {
    const task = readIngestOptions(options);
    this.#lifecycle.ensureOpen();
    return this.#ingestions.add(ingest(source, task, this.#ingestTarget()));
  }

  /**
   * Batches whose keys and values a module serializes, in a pool of threads that partition, pack and hand over by
   * themselves, or in this one: with mode 'auto' whichever serves better. See docs/workers.md for when which does.
   * @throws ConfigError; MillraceError PRODUCER_CLOSED
   */
  workers<WK = unknown, WV = unknown>(options: WorkersOptions): Workers<WK, WV> {
    const task = readWorkersOptions(options);
    const handle = this.share();
    const workers = new Workers<WK, WV>(
      task,
      handle,
      (module) => Producer.attach<unknown, unknown>(handle, module),
      () => this.#workers.delete(workers as Workers),
    );
    this.#workers.add(workers as Workers);
    return workers;
  }

  /** @internal What a thread of an ingestion sends through. */
  static ingestTarget(producer: Producer): IngestTarget {
    return producer.#ingestTarget();
  }

  #ingestTarget(): IngestTarget {
    return {
      options: this.#options as unknown as ResolvedOptions<BytesLike, BytesLike>,
      pipeline: this.#engine.pipeline as unknown as Pipeline<BytesLike, BytesLike>,
      ingestions: this.#ingestions,
      share: () => this.share(),
      // What was sent singly before goes first.
      begin: () => {
        this.#lifecycle.ensureOpen();
        this.#engine.singles.flush();
      },
    };
  }

  /** Resolves when every record sent before this call is delivered or has failed. Does not wait out `lingerMs`. */
  async flush(): Promise<void> {
    if (this.#lifecycle.state !== 'open' && this.#lifecycle.state !== 'closing') return;
    // Nothing was ever sent where none has been opened.
    await this.#engine?.flush();
  }

  /**
   * Takes no more sends, delivers what was accepted, and ends. What is not delivered within `timeoutMs` (default
   * `deliveryTimeoutMs`) fails with PRODUCER_CLOSED. Every pending promise has settled when this resolves. Further
   * calls wait for the first. The owner of a shared client closes it for the attached threads too, and delivers what
   * they have handed over; an attached producer ends its own part: what is not delivered by then fails here, and may
   * be delivered all the same.
   * @returns what became of all that was accepted
   * @throws (rejects with) ConfigError
   */
  async close(options?: CloseOptions): Promise<CloseReceipt<K, V>> {
    const { timeoutMs = this.#options.deliveryTimeoutMs, unsentRecords = false } = readOptions<CloseOptions>(
      'close',
      options,
      CLOSE_RULES,
    );
    return this.#lifecycle.close(async (wasOpen) => {
      if (unsentRecords) this.#ledger.tally.unsentRecords = [];
      if (wasOpen) await this.#close(timeoutMs);
      return receiptOf(this.#ledger.tally);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  metrics(): ProducerMetrics {
    return {
      bufferedBytes: this.#ledger.memory.used,
      bufferMemory: this.#ledger.memory.capacity,
      waitingSends: this.#ledger.memory.waiting,
      outstandingRecords: this.#ledger.outstanding.total,
      acceptedRecords: this.#ledger.tally.accepted,
      deliveredRecords: this.#ledger.tally.delivered,
      failedRecords: this.#ledger.tally.failed + this.#ledger.tally.unsent + this.#ledger.tally.refused,
      modes: Object.assign({}, ...[...this.#workers].map((workers) => workers.metrics().topics)),
    };
  }

  #sender(): Sender<K, V> {
    const lifecycle = this.#lifecycle;
    return {
      get ended() {
        return lifecycle.ended;
      },
      transactional: this.#options.transactionalId !== undefined,
      open: () => {
        lifecycle.ensureOpen();
        return this.#engine;
      },
    };
  }

  #open(): void {
    this.#engine = new Engine<K, V>({
      options: this.#options,
      properties: this.#properties,
      rules: this.#rules,
      ledger: this.#ledger,
      events: this.#events,
      sharedClient: this.#shared?.client,
      onGrowth: (growth) => this.#tell('partitionsGrown', growth),
    });
    if (this.#options.transactionalId !== undefined) this.#openTransactions();
    if (this.listenerCount('request') > 0) this.#engine.client.watchRequests();
  }

  #openTransactions(): void {
    this.#transactions = new Transactions<K, V>(
      {
        send: (record, options) => this.#sends.send(record, options, true),
        sendBatch: (records, options) => this.#sends.sendBatch(records, options, true),
        flush: () => this.flush(),
        giveUpWaiting: () => this.#engine.giveUpWaiting(),
        ensureOpen: () => this.#lifecycle.ensureOpen(),
        isOpen: () => this.#lifecycle.state === 'open',
        fatal: () => this.#events.fatal,
      },
      new CoordinatorCalls(this.#engine.client, this.#options),
    );
  }

  async #close(timeoutMs: number): Promise<void> {
    const deadline = pause(timeoutMs);
    this.#ingestions.beginClosing();
    await this.#closeEngine(deadline, timeoutMs);
    await Promise.all([this.#ingestions.end(), ...[...this.#workers].map((workers) => workers.end())]);
  }

  async #closeEngine(deadline: Pause, timeoutMs: number): Promise<void> {
    if (this.#shared !== undefined) return this.#engine.detach(deadline, this.#ownerCloses);
    if (this.#transactions !== undefined) {
      await Promise.race([this.#transactions.close(timeoutMs), deadline.over]);
    }
    return this.#engine.close(deadline);
  }
}
