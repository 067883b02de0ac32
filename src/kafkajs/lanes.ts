// The lanes of a connected producer: opened when first used, closed together.
import type { LogEvent } from '../handover/broker-events';
import { closedError } from '../lifecycle';
import type { ProducerOptions } from '../options/producer-options';
import { Producer } from '../producer';
import { type LaneSettings, laneSettings } from './call';
import type { Connectable } from './connection';
import type { EngineOptions } from './engine-options';
import { events, type Instrumentation } from './instrumentation';
import { Lane } from './lane';
import { connectPatiently } from './patience';
import type { Logger } from './types';

/** Each has threads and connections of its own. */
const MOST_LANES = 8;
/** How often queue sizes are looked at, where somebody listens for them. */
const STATISTICS_MS = 1000;

export class Lanes implements Connectable {
  readonly #options: EngineOptions;
  readonly #brokers: readonly string[];
  readonly #instrumentation: Instrumentation;
  readonly #logger: Logger;
  /** The one that was used last is the last. */
  readonly #byKey = new Map<string, Lane>();
  readonly #retired = new Set<Promise<void>>();
  #transactional: Producer | undefined;
  #last: { settings: LaneSettings; lane: Lane } | undefined;
  #closed = false;

  constructor(
    options: EngineOptions,
    brokers: readonly string[],
    instrumentation: Instrumentation,
    logger: Logger,
  ) {
    this.#options = options;
    this.#brokers = brokers;
    this.#instrumentation = instrumentation;
    this.#logger = logger.namespace('Connection');
    instrumentation.onHeard = () => {
      if (instrumentation.requestsAreHeard) for (const client of this.#clients()) this.#tellRequests(client);
    };
  }

  /** Opens the lane of calls without settings of their own. */
  connect(): Promise<void> {
    const { producer } = this.lane(laneSettings({}, this.#options.requestTimeoutMs));
    return connectPatiently(producer, this.#options.patience, this.#brokers);
  }

  /** @throws ConfigError when librdkafka refuses the settings */
  lane(settings: LaneSettings): Lane {
    const last = this.#last;
    if (last !== undefined && same(last.settings, settings)) return last.lane;
    const key = keyOf(settings);
    let lane = this.#byKey.get(key);
    if (lane === undefined) {
      this.#makeRoom();
      lane = this.#open(settings);
    }
    this.#byKey.delete(key);
    this.#byKey.set(key, lane);
    this.#last = { settings, lane };
    return lane;
  }

  /** The client that transactions go through: no other send may. @throws MillraceError PRODUCER_CLOSED */
  transactional(): Producer {
    if (this.#closed) throw closedError();
    this.#transactional ??= this.#client(this.#options.ofTransactions(this.#brokers));
    return this.#transactional;
  }

  async renewTransactional(old: Producer): Promise<void> {
    if (this.#transactional === old) this.#transactional = undefined;
    await old.close();
  }

  /** What was sent is delivered first, and a transaction that is still open is aborted. */
  async close(): Promise<void> {
    this.#closed = true;
    const lanes = [...this.#byKey.values()];
    this.#byKey.clear();
    this.#last = undefined;
    await Promise.all([...lanes.map((lane) => lane.close()), ...this.#retired, this.#transactional?.close()]);
  }

  /** Closes the lane that has had nothing to do for the longest time, when there are too many. */
  #makeRoom(): void {
    if (this.#byKey.size < MOST_LANES) return;
    this.#options.warnOnce(
      `More than ${MOST_LANES} combinations of acks, timeout and compression are in use: each takes a client, so idle ` +
        'ones are closed and opened again',
    );
    for (const [key, lane] of this.#byKey) {
      if (!lane.isIdle) continue;
      this.#retire(key, lane);
      return;
    }
  }

  #open(settings: LaneSettings): Lane {
    const key = keyOf(settings);
    const lane: Lane = new Lane({
      options: this.#options.of(settings, this.#brokers),
      patience: this.#options.patience,
      open: (options) => {
        const producer = this.#client(options);
        // An idempotent client that has lost its place in the broker's numbering is of no further use; kafkajs's callers
        // expect that the next send starts afresh.
        producer.on('brokerError', ({ fatal }) => {
          if (fatal) this.#retire(key, lane);
        });
        return producer;
      },
      retire: () => this.#retire(key, lane),
      successor: () => (this.#closed ? undefined : this.lane(settings)),
    });
    return lane;
  }

  #retire(key: string, lane: Lane): void {
    if (this.#byKey.get(key) !== lane) return;
    this.#byKey.delete(key);
    this.#last = undefined;
    const closed = lane.close().finally(() => this.#retired.delete(closed));
    this.#retired.add(closed);
  }

  #clients(): Producer[] {
    const clients = [...this.#byKey.values()].flatMap((lane) => lane.clients);
    return this.#transactional === undefined ? clients : [...clients, this.#transactional];
  }

  /** A client whose log and requests are passed on. */
  #client(options: ProducerOptions): Producer {
    const { clientId } = this.#options;
    const instrumentation = this.#instrumentation;
    const countsQueues = instrumentation.isHeard(events.REQUEST_QUEUE_SIZE);
    const producer = new Producer({
      ...options,
      librdkafka: {
        ...options.librdkafka,
        ...(countsQueues ? { 'statistics.interval.ms': STATISTICS_MS } : {}),
      },
    });
    if (instrumentation.requestsAreHeard) this.#tellRequests(producer);
    producer.on('log', (event) => this.#log(event));
    producer.on('statistics', (json) => instrumentation.queueSizes(clientId, json));
    return producer;
  }

  #tellRequests(producer: Producer): void {
    if (producer.listenerCount('request') > 0) return;
    producer.on('request', (request) => this.#instrumentation.request(this.#options.clientId, request));
  }

  // syslog's levels: 3 error, 4 warning, 5 and 6 notices, 7 debug.
  #log({ level, facility, message }: LogEvent): void {
    const extra = { facility, clientId: this.#options.clientId };
    if (level <= 3) this.#logger.error(message, extra);
    else if (level === 4) this.#logger.warn(message, extra);
    else if (level <= 6) this.#logger.info(message, extra);
    else this.#logger.debug(message, extra);
  }
}

function keyOf({ acks, timeoutMs, compression }: LaneSettings): string {
  return `${acks} ${timeoutMs} ${compression}`;
}

function same(a: LaneSettings, b: LaneSettings): boolean {
  return a.acks === b.acks && a.timeoutMs === b.timeoutMs && a.compression === b.compression;
}
