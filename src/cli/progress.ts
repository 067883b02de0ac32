// A progress bar on stderr, when that is a terminal.
import { SingleBar } from 'cli-progress';
import { count, duration, rounded } from './summary';
import type { Tally } from './tally';

const STATUS = '{records} records | {rate} MB/s | {inFlight} in flight | {errors} errors';

export class Progress {
  private readonly bar: SingleBar | null;

  /** `total` is what `update` counts up to; null when the end is not known. */
  constructor(
    private readonly tally: Tally,
    private readonly total: number | null,
  ) {
    this.bar = process.stderr.isTTY
      ? new SingleBar({
          format: total === null ? STATUS : `{bar} {percentage}% | ${STATUS} | {left}`,
          barsize: 24,
          barCompleteChar: '\u2588',
          barIncompleteChar: '\u2591',
          hideCursor: true,
          // Signals have a handler of their own, which ends with stop().
          gracefulExit: false,
        })
      : null;
    this.bar?.start(total ?? 0, 0, this.payload(0));
  }

  update(done: number): void {
    this.bar?.update(done, this.payload(done));
  }

  /** Prints a line above the bar. */
  note(line: string): void {
    const clearLine = this.bar ? '\r\u001b[K' : '';
    process.stderr.write(`${clearLine}${line}\n`);
  }

  stop(): void {
    this.bar?.stop();
  }

  private payload(done: number) {
    return {
      left: timeLeft(this.tally.seconds, done, this.total ?? 0),
      records: count(this.tally.delivered),
      rate: rounded(this.tally.megabytesPerSecond),
      inFlight: count(this.tally.inFlight),
      errors: count(this.tally.errors),
    };
  }
}

/** As long for each part of what is left as for what is done. */
export function timeLeft(seconds: number, done: number, total: number): string {
  if (done >= total) return 'nothing left';
  return done === 0 ? '' : `${duration((seconds * (total - done)) / done)} left`;
}
