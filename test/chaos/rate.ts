// Acknowledgements beside what was sent, and how long it takes after a fault until they keep up again.

const BUCKET_MS = 100;
const WINDOW_MS = 1_000;
const WINDOW_BUCKETS = WINDOW_MS / BUCKET_MS;
/** Acknowledgements keep up when there are this many of them for each record sent. */
const KEEPING_UP = 0.95;

export class AckRate {
  private readonly started = performance.now();
  private readonly sent: number[] = [];
  private readonly acknowledged: number[] = [];
  private open = 0;

  countSent(): void {
    this.count(this.sent);
    this.open++;
  }

  countSettled(acknowledged: boolean): void {
    if (acknowledged) this.count(this.acknowledged);
    this.open--;
  }

  /** Records sent in the last second. */
  get offered(): number {
    return this.lastSecond(this.sent);
  }

  /**
   * Waits until, of the last second, acknowledgements were 95 % of what was sent and no more than a second's records are
   * open, so that a burst of late ones does not pass for it. What is sent meanwhile is the measure and not what was sent
   * before: writers slow down with the machine. Returns the milliseconds until that second began, or undefined when it
   * did not come within `timeoutMs`.
   */
  async back(timeoutMs: number): Promise<number | undefined> {
    const started = performance.now();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, BUCKET_MS));
      const waited = performance.now() - started;
      if (waited >= WINDOW_MS + BUCKET_MS && this.keepsUp()) return waited - WINDOW_MS - BUCKET_MS;
      if (waited > timeoutMs) return undefined;
    }
  }

  private keepsUp(): boolean {
    const { offered } = this;
    return offered > 0 && this.lastSecond(this.acknowledged) >= KEEPING_UP * offered && this.open <= offered;
  }

  private count(buckets: number[]): void {
    const bucket = this.bucket();
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }

  /** Over whole buckets: the one that is being filled does not count. */
  private lastSecond(buckets: readonly number[]): number {
    const end = this.bucket();
    let sum = 0;
    for (let i = Math.max(0, end - WINDOW_BUCKETS); i < end; i++) sum += buckets[i] ?? 0;
    return sum;
  }

  private bucket(): number {
    return Math.floor((performance.now() - this.started) / BUCKET_MS);
  }
}
