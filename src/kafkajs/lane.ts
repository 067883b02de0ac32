// One engine client: everything sent with the same acks, timeout and compression.
import type { BatchResult } from '../delivery/batch-result';
import type { RecordMetadata as Delivered } from '../delivery/record-metadata';
import { BatchError, CONTENT_REFUSALS, ConnectionError, RecordError } from '../errors';
import type { BatchRecord, ProducerRecord } from '../intake/record';
import { closedError } from '../lifecycle';
import type { ProducerOptions } from '../options/producer-options';
import type { Producer } from '../producer';
import type { AskForPartitions } from './known-partitions';
import type { Outgoing } from './messages';
import { OutageWatch } from './outage';
import type { Patience } from './patience';
import type { Delivery } from './results';
import type { Way } from './sending';

/** What the engine's producer and its transactions have in common. */
export interface RecordSender {
  send(record: ProducerRecord): Promise<Delivered>;
  sendBatch(records: readonly BatchRecord[], options: { topic: string }): Promise<BatchResult>;
}

/** Sends made in one turn share a hand-over when each is of one record: kafkajs's callers often send so. */
export function deliver(sender: RecordSender, { records, topic }: Outgoing): Promise<Delivery | Delivered> {
  if (records.length !== 1) return sender.sendBatch(records, { topic: topic as string });
  const { key, value, partition, timestamp, headers } = records[0];
  const to = records[0].topic ?? (topic as string);
  return sender.send({ topic: to, key, value, partition, timestamp, headers });
}

/**
 * A broker refuses a request as a whole because of one record in it. With kafkajs that request is one call's; here
 * calls share requests, and the innocent must not pay. None of these records was written.
 */
const REFUSED_TOGETHER: ReadonlySet<string> = new Set([
  ...CONTENT_REFUSALS,
  'INVALID_MSG',
  '_INVALID_DIFFERENT_RECORD',
]);

export interface LaneParts {
  options: ProducerOptions;
  /** Makes a client whose events are listened to. */
  open: (options: ProducerOptions) => Producer;
  /** Called when no send should come this way any more: closes the lane. */
  retire: () => void;
  /** How long its client is given during an outage. */
  patience: Patience;
  /** The lane that has taken this one's place; undefined: there will be none. */
  successor: () => Lane | undefined;
}

export class Lane implements Way {
  readonly #parts: LaneParts;
  readonly producer: Producer;
  readonly #outages: OutageWatch;
  /** Why its client was given up on. */
  #givenUp: ConnectionError | undefined;
  /** Another client, for what was refused together: one call after the other, so that none shares a request. */
  #apart: Producer | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Deliveries under way. */
  #calls = 0;
  /** What is done before a delivery. */
  readonly #preparing = new Set<Promise<void>>();
  /** From when it is asked to close on; it closes when what is done before deliveries is over. */
  #isRetiring = false;
  #closing = false;
  #closed = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.producer = parts.open(parts.options);
    this.#outages = new OutageWatch(this.producer, parts.patience, (reason) => this.#giveUp(reason));
  }

  get clients(): readonly Producer[] {
    return this.#apart === undefined ? [this.producer] : [this.producer, this.#apart];
  }

  /** @throws (rejects with) RecordError, BatchError, ConnectionError; MillraceError; what `prepare` does */
  deliver(
    outgoing: Outgoing,
    prepare?: (ask: AskForPartitions) => Promise<void>,
  ): Promise<Delivery | Delivered> {
    if (prepare !== undefined) return this.#prepareAndDeliver(outgoing, prepare);
    if (this.#closing) return this.#deliverElsewhere(outgoing);
    if (!this.#outages.holds()) return this.#deliver(outgoing);
    return this.#outages.hold(
      () => this.#deliver(outgoing),
      () => this.#deliverElsewhere(outgoing),
    );
  }

  async #prepareAndDeliver(
    outgoing: Outgoing,
    prepare: (ask: AskForPartitions) => Promise<void>,
  ): Promise<Delivery | Delivered> {
    const prepared = prepare((topic) => this.producer.partitionsFor(topic));
    this.#preparing.add(prepared);
    try {
      await prepared;
    } catch (error) {
      // Its own client was given up on, or another lane's, which was asked first.
      const lane = this.#givenUp === undefined ? this : this.#parts.successor();
      if (!endedWithItsClient(error) || lane === undefined || lane.#closing) throw error;
      return lane.deliver(outgoing, prepare);
    } finally {
      this.#preparing.delete(prepared);
    }
    const successor = this.#isRetiring ? this.#parts.successor() : undefined;
    return successor === undefined ? this.deliver(outgoing) : successor.deliver(outgoing);
  }

  get isIdle(): boolean {
    return this.#calls === 0 && this.#preparing.size === 0 && !this.#outages.inProgress;
  }

  async close(): Promise<void> {
    this.#isRetiring = true;
    // What was sent before is delivered, if its partitions have yet to be chosen too.
    while (this.#preparing.size > 0) await Promise.allSettled(this.#preparing);
    this.#closing = true;
    await this.#outages.over();
    await this.producer.close();
    this.#closed = true;
    await this.#turn;
    await this.#apart?.close();
  }

  async #deliver(outgoing: Outgoing): Promise<Delivery | Delivered> {
    this.#calls++;
    try {
      const delivery = await deliver(this.producer, outgoing);
      this.#outages.delivered();
      return delivery;
    } catch (error) {
      if (this.#givenUp !== undefined && endedWithItsClient(error)) {
        throw new ConnectionError(this.#givenUp.message, this.#givenUp.code, { cause: error });
      }
      const failures = failuresOf(error);
      if (failures === undefined || this.#closed) throw error;
      const again = failures.map(({ index, topic }) => ({ ...outgoing.records[index], topic }));
      const others = error instanceof BatchError ? error.result : undefined;
      const turn = this.#turn.then(() => this.#deliverApart(again));
      this.#turn = turn.then(undefined, () => {});
      return put(await turn.catch(inPlaceOf(failures)), failures, others);
    } finally {
      this.#calls--;
    }
  }

  async #deliverElsewhere(outgoing: Outgoing): Promise<Delivery | Delivered> {
    const successor = this.#parts.successor();
    if (successor === undefined) throw this.#givenUp ?? closedError();
    return successor.deliver(outgoing);
  }

  /** What its client has in hand fails now; a client without topics waits for brokers, each call for its own time. */
  #giveUp(reason: ConnectionError): void {
    this.#givenUp = reason;
    void this.producer.close({ timeoutMs: 0 });
    this.#parts.retire();
  }

  #deliverApart(records: readonly BatchRecord[]): Promise<BatchResult> {
    this.#apart ??= this.#parts.open(this.#parts.options);
    return this.#apart.sendBatch(records as ProducerRecord[]);
  }
}

/** The errors of records sent again have the places that these had in the call. */
function inPlaceOf(failures: readonly RecordError[]): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof BatchError)) throw error;
    const errors = error.errors.map((failure) => failure.at(failures[failure.index].index));
    throw new BatchError(errors, error.result);
  };
}

function endedWithItsClient(error: unknown): boolean {
  const failures = error instanceof BatchError ? error.errors : [error as { code?: unknown }];
  return failures.some(({ code }) => code === 'PRODUCER_CLOSED');
}

/** What failed, if all of it was refused together with something else. */
function failuresOf(error: unknown): readonly RecordError[] | undefined {
  const failures = error instanceof BatchError ? error.errors : [error];
  const together = failures.every(
    (failure) =>
      failure instanceof RecordError &&
      failure.persisted === 'no' &&
      // What never left this process was refused for itself.
      failure.partition !== undefined &&
      REFUSED_TOGETHER.has(failure.code),
  );
  return together ? (failures as RecordError[]) : undefined;
}

/** The outcome of the whole call: some of it delivered at first, the rest apart. */
function put(
  apart: BatchResult,
  failures: readonly RecordError[],
  others: BatchResult | undefined,
): Delivery {
  if (others === undefined) return apart;
  const partitions = Int32Array.from(others.partitions);
  const places = new Map(failures.map(({ index }, i) => [index, i]));
  for (const [index, i] of places) partitions[index] = apart.partitions[i];
  return {
    partitions,
    record: (index) => {
      const place = places.get(index);
      return place === undefined ? others.record(index) : apart.record(place);
    },
  };
}
