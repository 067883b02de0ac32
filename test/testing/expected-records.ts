// What produced records must look like when they are read back.
import type { BytesLike, Headers, HeaderValue, ProducerRecord, RecordMetadata } from '../../src';
import type { ReadRecord } from '../broker/read-back';

/** The record as the broker must have stored it, where its acknowledgement says it is. */
export function asReadBack(record: ProducerRecord, metadata: RecordMetadata): ReadRecord {
  return {
    partition: metadata.partition,
    offset: metadata.offset,
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: headersAsRead(record.headers),
    timestamp: record.timestamp === undefined ? metadata.timestamp : Number(record.timestamp),
  };
}

/** In the order of `readBack`. */
export function byPartitionAndOffset(records: ReadRecord[]): ReadRecord[] {
  return records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
}

/** The embedded cluster's acknowledgements lie about timestamps: compares all else. */
export function withoutTimestamps(records: ReadRecord[]): Omit<ReadRecord, 'timestamp'>[] {
  return records.map(({ timestamp: _, ...rest }) => rest);
}

export function bytesOf(field: BytesLike): Buffer | null {
  if (field === null || field === undefined) return null;
  return typeof field === 'string' ? Buffer.from(field) : Buffer.from(field.slice());
}

// The reader groups repeated names and puts names like "7" first, as any object's keys are. See test/broker/read-back.ts.
function headersAsRead(headers: Headers = []): [string, Buffer | null][] {
  const pairs = Array.isArray(headers)
    ? (headers as readonly (readonly [string, HeaderValue])[])
    : Object.entries(headers).flatMap(([name, values]) =>
        [values].flat().map((value): [string, HeaderValue] => [name, value as HeaderValue]),
      );
  const byName: Record<string, (Buffer | null)[]> = {};
  for (const [name, value] of pairs) {
    byName[wellFormed(name)] ??= [];
    byName[wellFormed(name)].push(bytesOf(value));
  }
  return Object.entries(byName).flatMap(([name, values]) =>
    values.map((value): [string, Buffer | null] => [name, value]),
  );
}

function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
