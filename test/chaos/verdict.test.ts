// What a run of chaos is blamed for, and what it is not.
import { describe, expect, it } from 'vitest';
import { slowRecoveries, untold } from './verdict';

const fault = (name: string, calmMs: number | undefined, recoveredMs: number | undefined) => ({
  name,
  lastedMs: 3_000,
  calmMs,
  recoveredMs,
});

describe('recovery', () => {
  it('is slow when the rate was steady before a fault and not back in time after it', () => {
    const faults = [
      fault('in time', 0, 5_000),
      fault('late', 900, 5_001),
      fault('never', 0, undefined),
      fault('at once', 0, 0),
    ];
    expect(slowRecoveries(faults, 5_000)).toEqual([
      'late: the rate was back after 5.0 s',
      'never: the rate was back not within a minute',
    ]);
    expect(untold(faults)).toBe(0);
  });

  it('cannot be told where the rate was not steady before', () => {
    const faults = [
      fault('on a busy machine', 1_001, 30_000),
      fault('on a busier one', undefined, undefined),
    ];
    expect(slowRecoveries(faults, 5_000)).toEqual([]);
    expect(untold(faults)).toBe(2);
  });
});
