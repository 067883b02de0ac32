// What is produced: record shape, callers and settings of every workload, the same for all contenders.

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface Workload {
  name: string;
  title: string;
  /** Which runs have it: every one, those with `--all`, or those with `--long`. */
  set: 'core' | 'all' | 'long';
  keyed: boolean;
  valueBytes: number;
  /** Text or bytes ready to be sent (the same to clients that know bytes alone), objects that the client or its adapter makes
   * into bytes, or JSON texts of objects for Avro. */
  value: 'text' | 'bytes' | 'json' | 'avro' | 'json-to-avro';
  /** Two headers and a timestamp on every record. */
  headers: boolean;
  idempotent: boolean;
  compression: Compression;
  /** Record number i goes to topic i modulo this; each topic has `partitions`. */
  topics: number;
  partitions: number;
  /** 1 stands for single sends: one awaited `send` per record. */
  recordsPerCall: number;
  /** Calls awaited at the same time; for single sends the number of concurrent callers. */
  callsInFlight: number;
  /** Measured time, instead of the run's. */
  seconds?: number;
  /** Measured records, instead of a time. */
  records?: number;
  /** Calls are begun at this share of the rate reached in another workload: what a client costs when it is not driven
   * to its limit. That one comes before it in the list. */
  pace?: { of: string; share: number };
}

const base = {
  set: 'all',
  keyed: true,
  valueBytes: 100,
  value: 'text',
  headers: false,
  idempotent: true,
  compression: 'none',
  topics: 1,
  partitions: 12,
} as const;
const batches = { ...base, recordsPerCall: 1000, callsInFlight: 20 };
const singles = { ...base, recordsPerCall: 1 };

const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const growth = [1e5, 1e6, 1e7, 1e8];

export const workloads: Workload[] = [
  { ...batches, set: 'core', name: 'batch-100', title: 'batches, keys, 100 B values' },
  {
    ...batches,
    set: 'core',
    name: 'paced',
    title: 'batches, keys, 100 B values, at half the full rate',
    pace: { of: 'batch-100', share: 0.5 },
  },
  { ...batches, name: 'batch-10', title: 'batches, keys, 10 B values', valueBytes: 10 },
  { ...batches, set: 'core', name: 'batch-1k', title: 'batches, keys, 1 KB values', valueBytes: 1000 },
  { ...batches, set: 'core', name: 'batch-10k', title: 'batches, keys, 10 KB values', valueBytes: 10_000 },
  {
    ...batches,
    name: 'batch-100k',
    title: 'batches, keys, 100 KB values',
    valueBytes: 100_000,
    recordsPerCall: 100,
  },
  ...[1000, 10_000].map(
    (valueBytes): Workload => ({
      ...batches,
      name: `bytes-${valueBytes / 1000}k`,
      title: `batches, keys, ${valueBytes / 1000} KB values that are bytes already`,
      value: 'bytes',
      valueBytes,
    }),
  ),
  { ...batches, set: 'core', name: 'keyless', title: 'batches, no keys, 100 B values', keyed: false },
  { ...batches, name: 'headers', title: 'batches, keys, two headers and a timestamp each', headers: true },
  {
    ...batches,
    set: 'core',
    name: 'not-idempotent',
    title: 'batches, keys, without idempotence',
    idempotent: false,
  },
  ...codecs.map(
    (compression): Workload => ({
      ...batches,
      name: compression,
      title: `batches, keys, 100 B values, ${compression}`,
      compression,
    }),
  ),
  { ...batches, name: 'partitions-1', title: 'batches to a topic of 1 partition', partitions: 1 },
  { ...batches, name: 'partitions-100', title: 'batches to a topic of 100 partitions', partitions: 100 },
  { ...batches, name: 'partitions-1000', title: 'batches to a topic of 1,000 partitions', partitions: 1000 },
  { ...batches, name: 'topics-1000', title: 'batches over 1,000 topics', topics: 1000, partitions: 1 },
  { ...batches, name: 'json', title: 'batches of objects sent as JSON', value: 'json' },
  { ...batches, name: 'avro', title: 'batches of objects sent as Avro', value: 'avro' },
  {
    ...batches,
    name: 'json-to-avro',
    title: 'batches of JSON texts of about 1 KB, parsed and sent as Avro',
    value: 'json-to-avro',
  },
  { ...singles, set: 'core', name: 'single-1', title: 'single sends, 1 caller', callsInFlight: 1 },
  { ...singles, set: 'core', name: 'single-100', title: 'single sends, 100 callers', callsInFlight: 100 },
  { ...singles, set: 'core', name: 'single-1000', title: 'single sends, 1,000 callers', callsInFlight: 1000 },
  {
    ...singles,
    set: 'core',
    name: 'single-10000',
    title: 'single sends, 10,000 callers',
    callsInFlight: 10_000,
  },
  {
    ...batches,
    set: 'long',
    name: 'sustained',
    title: 'batches, keys, 100 B values, for 5 minutes',
    seconds: 300,
  },
  ...growth.map(
    (records): Workload => ({
      ...batches,
      set: 'long',
      name: `growth-1e${Math.log10(records)}`,
      title: `batches, keys, 100 B values, ${records.toLocaleString('en-US')} records`,
      records,
    }),
  ),
];

export function isSingle(workload: Workload): boolean {
  return workload.recordsPerCall === 1;
}

/** Whether values are sent as they are. */
export function isReady({ value }: Workload): boolean {
  return value === 'text' || value === 'bytes';
}

/** What the plainest programs can do: ready values to one topic, nothing beside key and value. */
export function isPlain(workload: Workload): boolean {
  const { headers, topics, pace } = workload;
  return isReady(workload) && !headers && topics === 1 && pace === undefined;
}

/** In words, beside the title. */
export function settingsOf(workload: Workload): string {
  const { recordsPerCall, callsInFlight, topics, partitions, idempotent, compression, pace } = workload;
  const count = (n: number) => n.toLocaleString('en-US');
  return [
    isSingle(workload)
      ? `one record a call, each awaited, ${count(callsInFlight)} callers`
      : `${count(recordsPerCall)} records a call, ${callsInFlight} calls in flight`,
    topics > 1 ? `${count(topics)} topics of ${partitions}` : `${count(partitions)} partitions`,
    'acks=all',
    idempotent ? 'idempotent where the client can be' : 'not idempotent',
    isSingle(workload) ? 'linger 0 ms' : 'linger 0 ms, or 5 where that serves the client better',
    compression === 'none' ? 'no compression' : compression,
    ...(pace ? [`each client at ${pace.share} of its own median rate in ${pace.of}`] : []),
  ].join(', ');
}
