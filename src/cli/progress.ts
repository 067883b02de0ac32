// A progress bar on stderr, when that is a terminal.
import { SingleBar } from 'cli-progress';
import { count, rounded } from './summary';
import type { Tally } from './tally';

const STATUS = '{records} records | {rate} MB/s | {inFlight} in flight | {errors} errors';

export class Progress {
  private readonly bar: SingleBar | null;

  /** `total` is what `update` counts up to; null when the end is not known. */
  constructor(
    private readonly tally: Tally,
    total: number | null,
  ) {
    this.bar = process.stderr.isTTY
      ? new SingleBar({
          format: total === null ? STATUS : `{bar} {percentage}% | ${STATUS} | {eta_formatted} left`,
          barsize: 24,
          barCompleteChar: '\u2588',
          barIncompleteChar: '\u2591',
          hideCursor: true,
          // Signals have a handler of their own, which ends with stop().
          gracefulExit: false,
        })
      : null;
    this.bar?.start(total ?? 0, 0, this.payload());
  }

  update(done: number): void {
    this.bar?.update(done, this.payload());
  }

  /** Prints a line above the bar. */
  note(line: string): void {
    const clearLine = this.bar ? '\r\u001b[K' : '';
    process.stderr.write(`${clearLine}${line}\n`);
  }

  stop(): void {
    this.bar?.stop();
  }

  private payload() {
    return {
      records: count(this.tally.delivered),
      rate: rounded(this.tally.megabytesPerSecond),
      inFlight: count(this.tally.inFlight),
      errors: count(this.tally.errors),
    };
  }
}
