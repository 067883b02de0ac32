// Medians and spreads of trials.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, spreadOf } from '../../bench/statistics';

describe('median', () => {
  it.each([
    [[7], 7],
    [[9, 1, 5], 5],
    [[10, 1, 4, 2], 3],
    // As text 10 would come before 9.
    [[9, 10, 8], 9],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('has as many values below it as above it, and leaves the list as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const before = [...values];
        const middle = median(values);
        expect(values).toEqual(before);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('of nothing is an error, not a figure', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('the spread', () => {
  it('is of what is known', () => {
    expect(spreadOf([3, null, 1, undefined, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('of nothing known is unknown', () => {
    expect(spreadOf([null, undefined])).toBeUndefined();
    expect(spreadOf([])).toBeUndefined();
  });

  it('counts a zero as known', () => {
    expect(spreadOf([0, null])).toEqual({ median: 0, min: 0, max: 0 });
  });
});
