// Tells a finished run: one line for people, or one JSON object for machines.
import type { Tally } from './tally';

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const THREE_DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const ONE_DECIMAL = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function count(value: number): string {
  return WHOLE.format(value);
}

/** A rate or time, to as many digits as mean something. */
export function rounded(value: number): string {
  return THREE_DIGITS.format(value);
}

/** Roughly: of hours and minutes, minutes and seconds, or seconds. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${count(Math.floor(whole / 3_600))} h ${Math.floor((whole % 3_600) / 60)} min`;
}

export function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${rounded(bytes / 1e3)} kB` : `${ONE_DECIMAL.format(bytes / 1e6)} MB`;
}

export function plural(amount: number, noun: string): string {
  return `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

export function summaryLine(tally: Tally): string {
  const { delivered, deliveredBytes, seconds, recordsPerSecond, megabytesPerSecond } = tally;
  const parts = [
    `${plural(delivered, 'record')} (${megabytes(deliveredBytes)}) delivered in ${rounded(seconds)} s: ` +
      `${rounded(recordsPerSecond)} records/s, ${rounded(megabytesPerSecond)} MB/s`,
    `${count(tally.failed)} failed`,
  ];
  if (tally.malformed > 0) parts.push(`${count(tally.malformed)} malformed`);
  return parts.join(', ');
}

export interface RunDescription {
  topic: string;
  input: string;
  format: string;
  interrupted: boolean;
}

/** For machines. */
export function summaryData(run: RunDescription, tally: Tally): object {
  return {
    ...run,
    delivered: tally.delivered,
    failed: tally.failed,
    malformed: tally.malformed,
    skipped: tally.skipped,
    deliveredBytes: tally.deliveredBytes,
    seconds: tally.seconds,
    recordsPerSecond: tally.recordsPerSecond,
    megabytesPerSecond: tally.megabytesPerSecond,
    failuresByCode: tally.failuresByCode,
    committedOffset: tally.committedOffset,
  };
}
