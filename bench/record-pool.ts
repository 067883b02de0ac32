// The records of every trial, built before the clock starts; the Go and C contenders follow the same rule.
import type { Workload } from './workloads';

export interface PoolRecord {
  topic: string;
  key: string | undefined;
  value: string;
}

export const POOL_RECORDS = 100_000;
const DISTINCT_VALUE_BYTES = 16 * 1024 * 1024;

/** Big values are shared by several keys, so that the pool's size does not become what is measured. */
export function distinctValues(valueBytes: number): number {
  return Math.max(1, Math.min(POOL_RECORDS, Math.floor(DISTINCT_VALUE_BYTES / valueBytes)));
}

export function keyAt(index: number): string {
  return `user-${String(index).padStart(6, '0')}`;
}

/** The value tells its own index in its first six characters, and the index tells the whole value. */
export function valueAt(index: number, valueBytes: number): string {
  const id = String(index % distinctValues(valueBytes)).padStart(6, '0');
  const text = id.repeat(Math.ceil(valueBytes / id.length)).slice(0, valueBytes);
  // Through a Buffer and back: a flat string, as parsed input is, and no rope that the first send flattens.
  return Buffer.from(text).toString('latin1');
}

export function buildPool(workload: Workload, topic: string): PoolRecord[] {
  const values = Array.from({ length: distinctValues(workload.valueBytes) }, (_, index) =>
    valueAt(index, workload.valueBytes),
  );
  return Array.from({ length: POOL_RECORDS }, (_, index) => ({
    topic,
    key: workload.keyed ? Buffer.from(keyAt(index)).toString('latin1') : undefined,
    value: values[index % values.length]!,
  }));
}

/** Cut into calls, each used in turn, so that calls in flight at the same time hold different records. */
export function cutIntoCalls(pool: PoolRecord[], recordsPerCall: number): PoolRecord[][] {
  const calls: PoolRecord[][] = [];
  for (let start = 0; start + recordsPerCall <= pool.length; start += recordsPerCall) {
    calls.push(pool.slice(start, start + recordsPerCall));
  }
  return calls;
}
