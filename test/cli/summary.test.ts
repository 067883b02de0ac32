// The numbers people and machines read at the end.
import { expect, it, vi } from 'vitest';
import { timeLeft } from '../../src/cli/progress';
import { duration, megabytes, rounded, summaryData, summaryLine } from '../../src/cli/summary';
import { Tally } from '../../src/cli/tally';

function tallyOf(milliseconds: number, counts: Partial<Tally>): Tally {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const tally = Object.assign(new Tally(), counts);
    vi.advanceTimersByTime(milliseconds);
    tally.stopClock();
    return tally;
  } finally {
    vi.useRealTimers();
  }
}

it('tells a run in one line', () => {
  const tally = tallyOf(1_900, { sent: 1_000_000, delivered: 1_000_000, deliveredBytes: 148_300_000 });
  expect(summaryLine(tally)).toBe(
    '1,000,000 records (148.3 MB) delivered in 1.9 s: 526,000 records/s, 78.1 MB/s, 0 failed',
  );
});

it('tells failed and malformed lines apart', () => {
  const tally = tallyOf(500, { sent: 3, delivered: 1, deliveredBytes: 10, failed: 2, malformed: 1_000 });
  expect(summaryLine(tally)).toBe(
    '1 record (0.01 kB) delivered in 0.5 s: 2 records/s, 0.00002 MB/s, 2 failed, 1,000 malformed',
  );
});

it('tells machines everything', () => {
  const tally = tallyOf(2_000, {
    sent: 4,
    delivered: 4,
    deliveredBytes: 8,
    skipped: 2,
    committedOffset: 14,
  });
  const run = { topic: 't', input: 'standard input', format: 'lines', interrupted: false };
  expect(summaryData(run, tally)).toEqual({
    ...run,
    delivered: 4,
    failed: 0,
    malformed: 0,
    skipped: 2,
    deliveredBytes: 8,
    seconds: 2,
    recordsPerSecond: 2,
    megabytesPerSecond: 0.000004,
    failuresByCode: {},
    committedOffset: 14,
  });
});

it('rounds to what means something', () => {
  expect(rounded(526_315.8)).toBe('526,000');
  expect(rounded(0.012345)).toBe('0.0123');
  expect(megabytes(0)).toBe('0 kB');
  expect(megabytes(1_234)).toBe('1.23 kB');
});

it('tells times roughly', () => {
  expect([0, 0.2, 59.5, 61, 3_599, 3_600, 90_060].map(duration)).toEqual([
    '0 s',
    '1 s',
    '1 min 0 s',
    '1 min 1 s',
    '59 min 59 s',
    '1 h 0 min',
    '25 h 1 min',
  ]);
});

it('estimates the time left by the time gone', () => {
  expect(timeLeft(3, 1_000, 5_000)).toBe('12 s left');
  expect(timeLeft(3, 0, 5_000)).toBe('');
  expect(timeLeft(3, 5_000, 5_000)).toBe('nothing left');
  expect(timeLeft(0, 0, 0)).toBe('nothing left');
});
