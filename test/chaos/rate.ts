// Acknowledgements a second, and how long they take to come back after a fault.
import { setTimeout as sleep } from 'node:timers/promises';

const BUCKET_MS = 100;
const WINDOW_MS = 1_000;
/** The rate counts as back when this part of it is. */
const BACK = 0.95;

export class AckRate {
  private readonly started = performance.now();
  private readonly buckets: number[] = [];

  count(): void {
    const bucket = Math.floor((performance.now() - this.started) / BUCKET_MS);
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }

  /** A second, over the last whole buckets of this time. */
  over(milliseconds: number): number {
    const end = Math.floor((performance.now() - this.started) / BUCKET_MS);
    const from = Math.max(0, end - Math.round(milliseconds / BUCKET_MS));
    let sum = 0;
    for (let i = from; i < end; i++) sum += this.buckets[i] ?? 0;
    return (1_000 * sum) / ((end - from) * BUCKET_MS);
  }

  /**
   * Waits until the last second's rate is back at 95 % of `usual` and no more than a second's records are open, so that
   * a burst of late ones does not pass for it. Returns the milliseconds until that second began, or undefined when it
   * did not come within `timeoutMs`.
   */
  async back(usual: number, openRecords: () => number, timeoutMs: number): Promise<number | undefined> {
    const started = performance.now();
    for (;;) {
      await sleep(BUCKET_MS);
      const waited = performance.now() - started;
      if (waited >= WINDOW_MS && this.over(WINDOW_MS) >= BACK * usual && openRecords() <= usual) {
        return Math.max(0, waited - WINDOW_MS - BUCKET_MS);
      }
      if (waited > timeoutMs) return undefined;
    }
  }
}
