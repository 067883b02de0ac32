// What produced records must look like when they are read back.
import { createHash } from 'node:crypto';
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

/**
 * A record as something that is compared and shown fast: comparing megabytes of Buffers takes minutes. Without its
 * timestamp where the cluster's acknowledgements do not tell the true one.
 */
export function comparable(record: ReadRecord, withTimestamp: boolean): unknown[] {
  const { partition, offset, key, value, headers, timestamp } = record;
  return [
    `${partition}/${offset}`,
    withTimestamp ? timestamp : undefined,
    inShort(key),
    inShort(value),
    ...headers.flatMap(([name, headerValue]) => [name, inShort(headerValue)]),
  ];
}

function inShort(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  if (bytes.length < 100) return bytes.toString('latin1');
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
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
