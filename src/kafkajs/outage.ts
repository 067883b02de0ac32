// While no broker lets a client in. kafkajs counts attempts and gives up after the last; librdkafka alone would go on until
// the delivery timeout, which leaves room for slow answers. So the client is given up on when kafkajs's attempts would
// be over. Calls made meanwhile are held back, so that what the client has in hand has all had that long.
import type { ConnectionError } from '../errors';
import { pause } from '../pause';
import type { Producer } from '../producer';
import { notLetIn, type Patience, patienceFor, refusalIn } from './patience';

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
    producer.on('log', (event) => {
      const refusal = refusalIn(event);
      if (refusal === undefined) return;
      this.#refusal = refusal;
      if (producer.metrics().outstandingRecords > 0) this.#begin(refusal);
    });
  }

  get inProgress(): boolean {
    return this.#outage !== undefined;
  }

  /** Whether a call must be held. */
  holds(): boolean {
    // librdkafka does not say again that a host goes on refusing.
    if (this.#refusal !== undefined) this.#begin(this.#refusal);
    return this.#outage !== undefined;
  }

  /** Runs one of the two when the outage is over. Calls go on in their order. */
  hold<T>(here: () => Promise<T>, elsewhere: () => Promise<T>): Promise<T> {
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
    const patienceMs = patienceFor(refusal, this.#patience);
    const patience = pause(patienceMs);
    const reason = await Promise.race([
      this.#producer.connect().then(
        () => undefined,
        (error: ConnectionError) => error,
      ),
      patience.over.then(() => notLetIn(patienceMs, refusal)),
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
