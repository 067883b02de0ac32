// Counts what has been accepted and not settled, so that flush() can wait for everything sent before it without
// waiting for what is sent after it.

/** The sends between two flushes. */
export class Epoch {
  outstanding = 0;
  /** Set by the flush that ended the epoch. */
  settled: (() => void) | undefined;
}

export class Outstanding {
  #current = new Epoch();
  #open: Epoch[] = [this.#current];
  #total = 0;
  /** Called when the total leaves or reaches zero. */
  readonly #onBusy: (busy: boolean) => void;

  constructor(onBusy: (busy: boolean) => void) {
    this.#onBusy = onBusy;
  }

  get total(): number {
    return this.#total;
  }

  /** Counts `records` in. Give the epoch back to `settle`. */
  accept(records: number): Epoch {
    if (this.#total === 0) this.#onBusy(true);
    this.#total += records;
    this.#current.outstanding += records;
    return this.#current;
  }

  settle(epoch: Epoch, records: number): void {
    this.#total -= records;
    epoch.outstanding -= records;
    if (epoch.outstanding === 0 && epoch !== this.#current) this.#finishEpochs();
    if (this.#total === 0) this.#onBusy(false);
  }

  /** Resolves when everything accepted before this call is settled. */
  drain(): Promise<void> {
    if (this.#total === 0) return Promise.resolve();
    const ended = this.#current;
    this.#current = new Epoch();
    this.#open.push(this.#current);
    const drained = new Promise<void>((resolve) => {
      ended.settled = resolve;
    });
    this.#finishEpochs();
    return drained;
  }

  // In order: a later flush may not overtake an earlier one.
  #finishEpochs(): void {
    while (this.#open[0] !== this.#current && this.#open[0].outstanding === 0)
      this.#open.shift()?.settled?.();
  }
}
