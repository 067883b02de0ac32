// Ctrl-C and SIGTERM: the first asks for an orderly end, the second for an end without waiting.
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

export class Interruption {
  /** 128 + the signal's number, as shells report it; null while nobody has interrupted. */
  exitCode: number | null = null;
  private readonly first = new AbortController();
  private readonly second = new AbortController();
  private readonly listen = (signal: NodeJS.Signals): void => {
    if (this.exitCode !== null) {
      this.second.abort();
      return;
    }
    this.exitCode = SIGNALS[signal as keyof typeof SIGNALS];
    this.first.abort();
  };

  constructor() {
    for (const signal of Object.keys(SIGNALS)) process.on(signal, this.listen);
  }

  /** Aborted by the first signal. */
  get stop(): AbortSignal {
    return this.first.signal;
  }

  /** Aborted by the second signal. */
  get giveUp(): AbortSignal {
    return this.second.signal;
  }

  /** Gives the signals back their usual meaning. */
  dispose(): void {
    for (const signal of Object.keys(SIGNALS)) process.off(signal, this.listen);
  }
}
