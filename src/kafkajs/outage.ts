// While no broker lets a client in. kafkajs counts attempts and gives up after the last; librdkafka alone would go on until
// the delivery timeout, which leaves room for slow answers. So the client is given up on when kafkajs's attempts would
// be over. Calls made meanwhile are held back, so that what the client has in hand has all had that long.
import { ConnectionError } from '../errors';
import { pause } from '../pause';
import type { Producer } from '../producer';

/** librdkafka's words when there is no connection at all: a broker that is slow, or breaks one off, let us in before. */
const NOT_LET_IN = /Connect to .* failed: |setup timed out in state CONNECT\b|Failed to resolve /;
/** What took its time: each of kafkajs's attempts would have lasted as long. */
const SILENT = /timed out/;

export interface Patience {
  /** With hosts that refuse. */
  refusedMs: number;
  /** With hosts that say nothing. */
  silentMs: number;
}

interface Held {
  since: number;
  /** `elsewhere`: not through this client, which was given up on. */
  start(elsewhere: boolean): void;
  fail(reason: ConnectionError): void;
}

export class OutageWatch {
  readonly #producer: Producer;
  readonly #patience: Patience;
  readonly #giveUp: (reason: ConnectionError) => void;
  /** What was last said by a connection that was not made, unless something was delivered since. */
  #refusal: string | undefined;
  #outage: Promise<void> | undefined;
  #held: Held[] = [];

  /** @param giveUp is called at the end of an outage that lasted for too long, before anything held back goes on */
  constructor(producer: Producer, patience: Patience, giveUp: (reason: ConnectionError) => void) {
    this.#producer = producer;
    this.#patience = patience;
    this.#giveUp = giveUp;
    producer.on('log', ({ facility, message }) => {
      if (facility !== 'FAIL' || !NOT_LET_IN.test(message)) return;
      this.#refusal = message.replace(/^\[thrd:[^\]]*\]: /, '');
      if (producer.metrics().outstandingRecords > 0) this.#begin(this.#refusal);
    });
  }

  get inProgress(): boolean {
    return this.#outage !== undefined;
  }

  /** Runs one of the two: `here` at once unless there is an outage. Calls go on in their order. */
  async pass<T>(here: () => Promise<T>, elsewhere: () => Promise<T>): Promise<T> {
    // librdkafka does not say again that a host goes on refusing.
    if (this.#refusal !== undefined) this.#begin(this.#refusal);
    if (this.#outage === undefined) return here();
    return new Promise((resolve, fail) => {
      const start = (given: boolean) => resolve(given ? elsewhere() : here());
      this.#held.push({ since: performance.now(), start, fail });
    });
  }

  /** To be called when something was delivered. */
  delivered(): void {
    this.#refusal = undefined;
  }

  /** Resolves when there is no outage. */
  async over(): Promise<void> {
    await this.#outage;
  }

  #begin(refusal: string): void {
    this.#outage ??= this.#last(refusal);
  }

  async #last(refusal: string): Promise<void> {
    const { refusedMs, silentMs } = this.#patience;
    const patienceMs = SILENT.test(refusal) ? silentMs : refusedMs;
    const patience = pause(patienceMs);
    const reason = await Promise.race([
      this.#producer.connect().then(
        () => undefined,
        (error: ConnectionError) => error,
      ),
      patience.over.then(
        () =>
          new ConnectionError(`no broker let us in for ${patienceMs} ms: ${refusal}`, 'CONNECTION_FAILED'),
      ),
    ]);
    patience.cancel();
    this.#refusal = undefined;
    this.#outage = undefined;
    if (reason !== undefined) this.#giveUp(reason);
    const held = this.#held;
    this.#held = [];
    for (const { since, start, fail } of held) {
      if (reason !== undefined && performance.now() - since >= patienceMs) fail(reason);
      else start(reason !== undefined);
    }
  }
}
