// How long a call for metadata may take. It holds a thread of libuv's pool and cannot be interrupted: short at first, longer
// while brokers that are connected are slow to answer.

/** Of the first call, where somebody waits for the answer. */
export const FIRST_ATTEMPT_MS = 250;

/** A broker that is slower than this is not reached. */
export const LONGEST_ANSWER_MS = 6000;

export class MetadataPatience {
  #ms: number;

  /** @param firstMs of the first call */
  constructor(readonly firstMs: number) {
    this.#ms = firstMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** @param error Kafka's name for what the call came back with, after this time; '': an answer */
  learn(error: string, tookMs: number): void {
    // Another error says that nobody is connected, which a call that waits longer would not change.
    if (error === '_TIMED_OUT') this.#ms = Math.min(this.#ms * 3, LONGEST_ANSWER_MS);
    else if (error === '' && tookMs < this.firstMs) this.#ms = this.firstMs;
  }
}
