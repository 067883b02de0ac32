// A producer's ingestions that have not settled, and what its close does about them: tells them, waits for them, gives
// up on those that have fallen silent.
import { pause } from '../pause';

/** Whoever does nothing for so long, when everything else is closed, hangs: in a module's loop or in the caller's code. */
const SILENCE_MS = 2_000;

export class OpenIngestions {
  readonly #closing = new AbortController();
  readonly #givenUp = new AbortController();
  readonly #open = new Set<Promise<unknown>>();
  #heardAt = 0;

  /** Aborted when the producer begins to close: no more is to be read. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Aborted when close waits no longer: what is open has to settle as it stands. */
  get givenUp(): AbortSignal {
    return this.#givenUp.signal;
  }

  add<T>(ingestion: Promise<T>): Promise<T> {
    this.#open.add(ingestion);
    const settled = () => void this.#open.delete(ingestion);
    ingestion.then(settled, settled);
    return ingestion;
  }

  /** One of them has done something. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  beginClosing(): void {
    this.#closing.abort();
  }

  /** Resolves when all have settled. To be called when no record is on its way any more. */
  async end(): Promise<void> {
    this.heard();
    while (this.#open.size > 0 && !this.#givenUp.signal.aborted) {
      const patience = pause(this.#heardAt + SILENCE_MS - performance.now());
      await Promise.race([Promise.allSettled(this.#open), patience.over]);
      patience.cancel();
      if (performance.now() - this.#heardAt >= SILENCE_MS) this.#givenUp.abort();
    }
    await Promise.allSettled(this.#open);
  }
}
