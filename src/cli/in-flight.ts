// Bounds how many batches are under way at once. One caller starts them and waits for room.
export class InFlight {
  private running = 0;
  private wake: (() => void) | null = null;
  private failure: { error: unknown } | null = null;

  constructor(
    private readonly limit: number,
    private readonly stop: AbortSignal,
  ) {
    stop.addEventListener('abort', () => this.wake?.(), { once: true });
  }

  /** Resolves when another batch may start, or at once after `stop`. Throws what a batch threw. */
  async room(): Promise<void> {
    await this.until(() => this.running < this.limit || this.stop.aborted);
  }

  /** Resolves when no batch is under way. */
  async drained(): Promise<void> {
    await this.until(() => this.running === 0);
  }

  start(batch: Promise<void>): void {
    this.running++;
    batch
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => {
        this.running--;
        this.wake?.();
      });
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.failure) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = null;
    }
    if (this.failure) throw this.failure.error;
  }
}
