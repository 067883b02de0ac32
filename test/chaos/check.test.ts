// The checker finds what it is there to find: each kind of broken promise is planted, and nothing else is reported.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Check, type StoredRecord, VIOLATIONS, type Violation } from './check';
import { WriteLog } from './write-log';

const DEADLINE_MS = 1_000;

/** Two keys on two partitions, five acknowledged records each, stored as the acknowledgements say. */
function cleanRun() {
  const log = new WriteLog();
  const stored: StoredRecord[] = [];
  for (const [partition, key] of ['a', 'b'].entries()) {
    for (let i = 0; i < 5; i++) {
      const sequence = log.send(key, DEADLINE_MS);
      log.settle(key, sequence, 'acknowledged', { partition, offset: BigInt(i) });
      stored.push({ partition, offset: BigInt(i), key, sequence });
    }
  }
  return { log, stored };
}

function violations(log: WriteLog, stored: readonly StoredRecord[]): Partial<Record<Violation, number>> {
  const check = new Check(log);
  for (const record of stored) check.take(record);
  const verdict = check.judge();
  const kinds = Object.keys(VIOLATIONS) as Violation[];
  const found = kinds.map((kind) => [kind, verdict.count(kind)] as const).filter(([, count]) => count > 0);
  expect(verdict.clean).toBe(found.length === 0);
  expect(verdict.describe()).toHaveLength(found.length);
  return Object.fromEntries(found);
}

describe('the checker', () => {
  it('has nothing to say about a clean run', () => {
    const { log, stored } = cleanRun();
    expect(violations(log, stored)).toEqual({});
    expect([log.sent, log.count('acknowledged'), log.count('open')]).toEqual([10, 10, 0]);
  });

  it('finds an acknowledged record that is not stored', () => {
    const { log, stored } = cleanRun();
    stored.splice(3, 1);
    expect(violations(log, stored)).toEqual({ lost: 1 });
  });

  it('finds a promise resolved for a record that was never there, at the end of the log', () => {
    const { log, stored } = cleanRun();
    const sequence = log.send('a', DEADLINE_MS);
    log.settle('a', sequence, 'acknowledged', { partition: 0, offset: 5n });
    expect(violations(log, stored)).toEqual({ lost: 1 });
  });

  it('finds a record that is stored twice, at once or later', () => {
    const { log, stored } = cleanRun();
    stored.push({ ...stored[9], offset: 5n }, { ...stored[1], offset: 5n });
    expect(violations(log, stored)).toEqual({ duplicate: 2 });
  });

  it('finds a duplicate in another partition', () => {
    const { log, stored } = cleanRun();
    stored.push({ ...stored[0], partition: 1, offset: 5n });
    expect(violations(log, stored)).toEqual({ duplicate: 1 });
  });

  it('finds two records that are stored in the wrong order', () => {
    const { log, stored } = cleanRun();
    const [first, second] = [stored[1], stored[2]];
    stored[1] = { ...second, offset: first.offset };
    stored[2] = { ...first, offset: second.offset };
    expect(violations(log, stored)).toEqual({ disorder: 1, misplaced: 2 });
  });

  it('finds wrong order where acknowledgements told no offsets', () => {
    const log = new WriteLog();
    const sequences = [0, 1].map(() => log.send('a', DEADLINE_MS));
    for (const sequence of sequences) log.settle('a', sequence, 'acknowledged');
    const stored = [1, 0].map((sequence, i) => ({ partition: 0, offset: BigInt(i), key: 'a', sequence }));
    expect(violations(log, stored)).toEqual({ disorder: 1 });
  });

  it('accepts that a key goes on in another partition, as when the topic grew', () => {
    const { log } = cleanRun();
    const later = log.send('a', DEADLINE_MS);
    log.settle('a', later, 'acknowledged', { partition: 7, offset: 0n });
    const { stored } = cleanRun();
    // Partitions may be read in any order.
    expect(violations(log, [{ partition: 7, offset: 0n, key: 'a', sequence: later }, ...stored])).toEqual({});
  });

  it('finds a record that is not where the acknowledgement said', () => {
    const { log, stored } = cleanRun();
    const sequence = log.send('a', DEADLINE_MS);
    log.settle('a', sequence, 'acknowledged', { partition: 0, offset: 6n });
    stored.push({ partition: 0, offset: 5n, key: 'a', sequence });
    expect(violations(log, stored)).toEqual({ misplaced: 1 });
  });

  it('believes an uncertain failure either way, but not a denial of what is stored', () => {
    const { log, stored } = cleanRun();
    for (const outcome of ['unsure', 'unsure', 'failed', 'failed'] as const) {
      log.settle('a', log.send('a', DEADLINE_MS), outcome);
    }
    stored.push({ partition: 0, offset: 5n, key: 'a', sequence: 5 });
    expect(violations(log, stored)).toEqual({});
    stored.push({ partition: 0, offset: 6n, key: 'a', sequence: 8 });
    expect(violations(log, stored)).toEqual({ denied: 1 });
  });

  it('finds a record of an aborted transaction', () => {
    const { log, stored } = cleanRun();
    for (let i = 0; i < 2; i++) log.settle('a', log.send('a', DEADLINE_MS), 'aborted');
    expect(violations(log, stored)).toEqual({});
    stored.push({ partition: 0, offset: 5n, key: 'a', sequence: 5 });
    expect(violations(log, stored)).toEqual({ aborted: 1 });
  });

  it('finds records that nobody sent', () => {
    const { log, stored } = cleanRun();
    stored.push({ partition: 0, offset: 5n, key: 'a', sequence: 5 });
    stored.push({ partition: 0, offset: 6n, key: 'stranger', sequence: 0 });
    stored.push({ partition: 0, offset: 7n, key: 'a', sequence: Number.NaN });
    expect(violations(log, stored)).toEqual({ foreign: 3 });
  });

  it('finds promises that are open, late, or settled twice', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const log = new WriteLog();
    const inTime = log.send('a', DEADLINE_MS);
    const late = log.send('a', DEADLINE_MS);
    log.send('a', DEADLINE_MS);
    now.mockReturnValue(DEADLINE_MS);
    log.settle('a', inTime, 'failed');
    now.mockReturnValue(DEADLINE_MS + 500);
    log.settle('a', late, 'unsure');
    log.settle('a', late, 'failed');
    now.mockRestore();
    expect(violations(log, [])).toEqual({ open: 1, late: 1, settledAgain: 1 });
    expect(log.latest).toBe(1.5);
  });

  it('excuses what it is told to excuse, as where a topic was deleted, and nothing else', () => {
    const { log, stored } = cleanRun();
    log.send('a', DEADLINE_MS);
    const left = [
      { ...stored[4], offset: 0n },
      { ...stored[4], offset: 1n },
      { ...stored[3], offset: 2n },
    ];
    const check = new Check(log, ['lost', 'misplaced']);
    for (const record of left) check.take(record);
    const verdict = check.judge();
    const kinds = ['lost', 'misplaced', 'duplicate', 'disorder', 'open'] as const;
    expect(kinds.map((kind) => verdict.count(kind))).toEqual([8, 2, 1, 1, 1]);
    expect(verdict.clean).toBe(false);
    expect(verdict.describe().join()).not.toMatch(/not stored|stored elsewhere/);
  });

  it('finds any number of planted faults among any number of records', () => {
    const plan = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        fate: fc.constantFrom('kept', 'kept', 'lost', 'twice', 'open', 'denied'),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(plan, (records) => {
        const log = new WriteLog();
        const stored: StoredRecord[] = [];
        for (const { key, fate } of records) {
          const sequence = log.send(key, DEADLINE_MS);
          const store = () => stored.push({ partition: 0, offset: BigInt(stored.length), key, sequence });
          if (fate === 'kept' || fate === 'twice' || fate === 'denied') store();
          if (fate === 'twice') store();
          if (fate === 'denied') log.settle(key, sequence, 'failed');
          else if (fate !== 'open') log.settle(key, sequence, 'acknowledged');
        }
        const planted = (fate: string) => records.filter((record) => record.fate === fate).length;
        const expected = {
          lost: planted('lost'),
          duplicate: planted('twice'),
          denied: planted('denied'),
          open: planted('open'),
        };
        const found = violations(log, stored);
        expect({ lost: 0, duplicate: 0, denied: 0, open: 0, ...found }).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
