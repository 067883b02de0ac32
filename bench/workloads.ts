// What is produced: record shape, callers and settings of every workload, the same for all contenders.

export interface Workload {
  name: string;
  title: string;
  keyed: boolean;
  valueBytes: number;
  partitions: number;
  /** 1 stands for single sends: one awaited `send` per record. */
  recordsPerCall: number;
  /** Calls awaited at the same time; for single sends the number of concurrent callers. */
  callsInFlight: number;
  lingerMs: number;
}

const base = { keyed: true, valueBytes: 100, partitions: 12 };
const batches = { ...base, recordsPerCall: 1000, callsInFlight: 20, lingerMs: 5 };
// A lone caller that awaits every record pays the linger on each of them, so single sends do without.
const singles = { ...base, recordsPerCall: 1, lingerMs: 0 };

export const workloads: Workload[] = [
  { ...batches, name: 'batch-100', title: 'batches, keys, 100 B values' },
  { ...batches, name: 'batch-10', title: 'batches, keys, 10 B values', valueBytes: 10 },
  { ...batches, name: 'batch-1k', title: 'batches, keys, 1 KB values', valueBytes: 1000 },
  { ...batches, name: 'batch-10k', title: 'batches, keys, 10 KB values', valueBytes: 10_000 },
  { ...batches, name: 'keyless', title: 'batches, no keys, 100 B values', keyed: false },
  { ...singles, name: 'single-1', title: 'single sends, 1 caller', callsInFlight: 1 },
  { ...singles, name: 'single-100', title: 'single sends, 100 callers', callsInFlight: 100 },
  { ...singles, name: 'single-1000', title: 'single sends, 1,000 callers', callsInFlight: 1000 },
  { ...singles, name: 'single-10000', title: 'single sends, 10,000 callers', callsInFlight: 10_000 },
];

export function isSingle(workload: Workload): boolean {
  return workload.recordsPerCall === 1;
}
