// What adding partitions does to keys that murmur2 modulo the partition count places: arithmetic, and a count over
// real keys.
import { murmur2Batch } from './murmur2';

/** How many targets `countsThatMoveLess` names at most. */
const MOST_SUGGESTIONS = 5;

/**
 * The share (0 to 1) of all keys whose partition changes when `from` partitions become `to`, more or fewer.
 *
 * Hashes repeat their pair of residues every lcm(from, to), and in such a period each partition that both counts have
 * keeps exactly one of them: min(from, to) of lcm(from, to) stay.
 */
export function shareThatMoves(from: number, to: number): number {
  return 1 - Math.min(from, to) / leastCommonMultiple(from, to);
}

export function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export interface GrowthTarget {
  partitions: number;
  /** 0 to 1. */
  moves: number;
}

/**
 * Counts near `to` that leave more keys in place, in ascending order: on either side of it those that no nearer count
 * equals, up to the next multiple of `from`. No growth moves less than half: doubling does just that.
 */
export function countsThatMoveLess(from: number, to: number): GrowthTarget[] {
  const nextMultiple = Math.max(2, Math.ceil(to / from)) * from;
  const above = bestSoFar(from, to, 1, (count) => count <= nextMultiple);
  const below = bestSoFar(from, to, -1, (count) => count > from);
  return [...below, ...above]
    .sort((a, b) => a.moves - b.moves || a.partitions - b.partitions)
    .slice(0, MOST_SUGGESTIONS)
    .sort((a, b) => a.partitions - b.partitions);
}

function bestSoFar(from: number, to: number, step: 1 | -1, goOn: (count: number) => boolean): GrowthTarget[] {
  const found: GrowthTarget[] = [];
  let best = shareThatMoves(from, to);
  for (let partitions = to + step; goOn(partitions); partitions += step) {
    const moves = shareThatMoves(from, partitions);
    if (moves < best) {
      best = moves;
      found.push({ partitions, moves });
    }
  }
  return found;
}

/** How much each of a topic's partitions gets. */
export interface Spread {
  partitions: number;
  min: number;
  median: number;
  max: number;
  /** By partition. */
  loads: readonly number[];
}

export function spreadOf(loads: readonly number[]): Spread {
  const sorted = [...loads].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return {
    partitions: loads.length,
    min: sorted[0],
    median: sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
    max: sorted[sorted.length - 1],
    loads,
  };
}

export interface MeasuredGrowth {
  /** Different keys. */
  keys: number;
  keysMoved: number;
  records: number;
  recordsMoved: number;
  before: Spread;
  after: Spread;
}

/** Different keys one behind the other, as `murmur2Batch` takes them, and how many records each has. */
export interface CountedKeys {
  readonly bytes: Uint8Array;
  readonly ends: Int32Array;
  readonly records: readonly number[];
}

/** What becomes of these keys, and with them of their records. */
export function measureGrowth(keys: Iterable<CountedKeys>, from: number, to: number): MeasuredGrowth {
  const before = new Array<number>(from).fill(0);
  const after = new Array<number>(to).fill(0);
  const measured = { keys: 0, keysMoved: 0, records: 0, recordsMoved: 0 };
  for (const { bytes, ends, records } of keys) {
    for (const [i, signed] of murmur2Batch(bytes, ends).entries()) {
      const hash = signed & 0x7fffffff;
      before[hash % from] += records[i];
      after[hash % to] += records[i];
      measured.keys++;
      measured.records += records[i];
      if (hash % from === hash % to) continue;
      measured.keysMoved++;
      measured.recordsMoved += records[i];
    }
  }
  return { ...measured, before: spreadOf(before), after: spreadOf(after) };
}
