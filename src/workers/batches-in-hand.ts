// Batches whose outcome is not known: how much they are, so that more wait, and when they are all settled.

/** Records on their way to and in the pool, beside their bytes' limit, bufferMemory; further batches wait. */
const MAX_RECORDS = 100_000;

export class BatchesInHand {
  readonly #maxBytes: number;
  readonly #pending = new Set<Promise<unknown>>();
  #records = 0;
  #bytes = 0;
  #onLess: (() => void) | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get records(): number {
    return this.#records;
  }

  /** Until it settles. */
  add(sent: Promise<unknown>, records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
    this.#pending.add(sent);
    const settled = () => {
      this.#records -= records;
      this.#bytes -= bytes;
      this.#pending.delete(sent);
      this.#onLess?.();
    };
    sent.then(settled, settled);
  }

  /** Resolves when another batch may begin. One caller at a time. */
  async room(): Promise<void> {
    while (this.#records >= MAX_RECORDS || this.#bytes >= this.#maxBytes) {
      await new Promise<void>((resolve) => {
        this.#onLess = resolve;
      });
      this.#onLess = undefined;
    }
  }

  /** Resolves when those that are here now have settled. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }
}
