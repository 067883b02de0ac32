// Records of one batch on their way to another thread: a column for each field, because arrays of text are cloned much
// faster than objects. Bytes are copied into one piece of memory, which is moved: a clone for each would cost a
// microsecond apiece.
import type { BatchRecord } from '../intake/record';
import { movableHeaders, withBuffers } from './movable';

export interface PackedBytes {
  /** Of each; or NULL, UNDEFINED. */
  readonly lengths: Int32Array;
  readonly bytes: Uint8Array;
}

type Column = readonly unknown[] | PackedBytes | undefined;

const NULL = -1;
const UNDEFINED = -2;

export interface RecordColumns {
  readonly count: number;
  readonly topic: Column;
  readonly key: Column;
  readonly value: Column;
  readonly partition: Column;
  readonly timestamp: Column;
  readonly headers: Column;
}

const FIELDS = ['topic', 'key', 'value', 'partition', 'timestamp', 'headers'] as const;

type AnyRecord = BatchRecord<unknown, unknown>;

/** Memory that is to be moved is added to `moved`. */
export function toColumns(records: readonly AnyRecord[], moved: ArrayBuffer[]): RecordColumns {
  const columns: Record<string, unknown> = { count: records.length };
  for (const field of FIELDS) columns[field] = columnOf(records, field, moved);
  return columns as unknown as RecordColumns;
}

function columnOf(
  records: readonly AnyRecord[],
  field: (typeof FIELDS)[number],
  moved: ArrayBuffer[],
): Column {
  const column = records.map((record) => record[field] as unknown);
  if (field === 'headers')
    return column.some((entry) => entry !== undefined) ? column.map(movableHeaders) : undefined;
  if (column.every((entry) => entry === undefined)) return undefined;
  const areBytes = column.every(
    (entry) => entry === null || entry === undefined || entry instanceof Uint8Array,
  );
  return areBytes ? packBytes(column as (Uint8Array | null | undefined)[], moved) : column;
}

function packBytes(column: readonly (Uint8Array | null | undefined)[], moved: ArrayBuffer[]): PackedBytes {
  const lengths = Int32Array.from(column, (entry) => {
    if (entry === undefined) return UNDEFINED;
    return entry === null ? NULL : entry.byteLength;
  });
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + Math.max(length, 0), 0));
  let at = 0;
  for (const entry of column) {
    if (entry === null || entry === undefined) continue;
    bytes.set(entry, at);
    at += entry.byteLength;
  }
  moved.push(bytes.buffer, lengths.buffer as ArrayBuffer);
  return { lengths, bytes };
}

/** The records; of `topic`, where they name none. */
export function fromColumns(columns: RecordColumns, topic: string): (AnyRecord & { topic: string })[] {
  const records = Array.from({ length: columns.count }, () => ({ topic }) as AnyRecord & { topic: string });
  for (const field of FIELDS) {
    const column = columns[field];
    if (column === undefined) continue;
    const entries = 'bytes' in column ? unpackBytes(column) : column;
    const isData = field === 'key' || field === 'value';
    for (let i = 0; i < records.length; i++) {
      if (entries[i] === undefined) continue;
      records[i][field] = (isData ? withBuffers(entries[i]) : entries[i]) as never;
    }
  }
  return records;
}

function unpackBytes({ lengths, bytes }: PackedBytes): (Buffer | null | undefined)[] {
  let at = bytes.byteOffset;
  return Array.from(lengths, (length) => {
    if (length < 0) return length === NULL ? null : undefined;
    const entry = Buffer.from(bytes.buffer, at, length);
    at += length;
    return entry;
  });
}

/** What an object counts for, whose size nobody knows. */
const OBJECT_BYTES = 256;

/** About what the records take in memory. */
export function bytesIn(records: readonly AnyRecord[]): number {
  let bytes = 0;
  for (let i = 0; i < records.length; i++) {
    try {
      const record = records[i];
      bytes += sizeOf(record?.key) + sizeOf(record?.value);
    } catch {
      // A getter that throws is told of by whoever sends the record.
    }
  }
  return bytes;
}

function sizeOf(field: unknown): number {
  if (typeof field === 'string') return field.length;
  if (field instanceof Uint8Array) return field.byteLength;
  return typeof field === 'object' && field !== null ? OBJECT_BYTES : 8;
}
