// The arithmetic of adding partitions, held against counting: each hash of a period, and real keys.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyCounts } from '../../src/cli/key-counts';
import {
  countsThatMoveLess,
  leastCommonMultiple,
  measureGrowth,
  shareThatMoves,
  spreadOf,
} from '../../src/partition/growth-plan';
import { partitionForKey } from '../../src/partition/murmur2';

describe('the share of keys that moves', () => {
  it.each([
    [100, 125, 0.8],
    [100, 200, 0.5],
    [100, 150, 2 / 3],
    [4, 8, 0.5],
    [1, 2, 0.5],
    [3, 4, 0.75],
    [7, 7, 0],
    [200, 100, 0.5],
  ])('from %i to %i partitions is %d', (from, to, share) => {
    expect(shareThatMoves(from, to)).toBeCloseTo(share, 12);
  });

  it('is what counting the hashes of one period gives', () => {
    const count = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(count, count, (from, to) => {
        const period = leastCommonMultiple(from, to);
        let moved = 0;
        for (let hash = 0; hash < period; hash++) if (hash % from !== hash % to) moved++;
        expect(shareThatMoves(from, to)).toBeCloseTo(moved / period, 12);
      }),
    );
  });

  it('is what real keys do', () => {
    const keys = new KeyCounts();
    for (let n = 0; n < 20_000; n++) keys.add(`customer-${n}`);
    for (const [from, to] of [
      [100, 125],
      [100, 200],
      [6, 9],
    ]) {
      const { keys: count, keysMoved } = measureGrowth(keys, from, to);
      expect(count).toBe(20_000);
      expect(Math.abs(keysMoved / count - shareThatMoves(from, to))).toBeLessThan(0.015);
    }
  });
});

describe('suggested counts', () => {
  it('for 100 to 125 are the next that move less, up to doubling', () => {
    expect(countsThatMoveLess(100, 125)).toEqual([
      { partitions: 150, moves: expect.closeTo(2 / 3, 12) },
      { partitions: 200, moves: 0.5 },
    ]);
  });

  it('may lie below the target, and are never as few as today', () => {
    expect(countsThatMoveLess(100, 210).map(({ partitions }) => partitions)).toContain(200);
    expect(countsThatMoveLess(4, 5).map(({ partitions }) => partitions)).toEqual([6, 8]);
  });

  it('are none where the target is as good as any', () => {
    expect(countsThatMoveLess(100, 200)).toEqual([]);
    expect(countsThatMoveLess(1, 2)).toEqual([]);
  });

  it('move less than the target, and less the farther they are from it', () => {
    const count = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(count, count, (from, more) => {
        const to = from + more;
        const suggestions = countsThatMoveLess(from, to);
        expect(suggestions.length).toBeLessThanOrEqual(5);
        for (const { partitions, moves } of suggestions) {
          expect(partitions).toBeGreaterThan(from);
          expect(moves).toBe(shareThatMoves(from, partitions));
          expect(moves).toBeLessThan(shareThatMoves(from, to));
          for (const nearer of suggestions) {
            const between = partitions > to ? nearer.partitions > to : nearer.partitions < to;
            if (between && Math.abs(nearer.partitions - to) < Math.abs(partitions - to))
              expect(nearer.moves).toBeGreaterThan(moves);
          }
        }
      }),
    );
  });
});

describe('a spread', () => {
  it('has the least, the middle and the most', () => {
    expect(spreadOf([5, 1, 9])).toEqual({ partitions: 3, min: 1, median: 5, max: 9, loads: [5, 1, 9] });
    expect(spreadOf([4, 1, 9, 2])).toMatchObject({ min: 1, median: 3, max: 9 });
    expect(spreadOf([0])).toMatchObject({ min: 0, median: 0, max: 0 });
  });

  it('counts each record at its key’s partition, before and after', () => {
    const keys: [Buffer, number][] = [
      [Buffer.from('a'), 3],
      [Buffer.from('b'), 1],
      [Buffer.from(''), 2],
      [Buffer.from([0xff, 0x00]), 5],
    ];
    const counts = new KeyCounts();
    for (const [key, records] of keys) for (let n = 0; n < records; n++) counts.add(key.toString('latin1'));
    const measured = measureGrowth(counts, 4, 7);
    const loads = (partitions: number) => {
      const expected = new Array<number>(partitions).fill(0);
      for (const [key, records] of keys) expected[partitionForKey(key, partitions)] += records;
      return expected;
    };
    const moved = keys.filter(([key]) => partitionForKey(key, 4) !== partitionForKey(key, 7));
    expect(measured).toMatchObject({
      keys: 4,
      records: 11,
      keysMoved: moved.length,
      recordsMoved: moved.reduce((sum, [, records]) => sum + records, 0),
      before: { loads: loads(4) },
      after: { loads: loads(7) },
    });
  });
});
