// The records of every trial, built before the clock starts; the Go and C contenders follow the same rule.
import avsc from 'avsc';
import { ORDER_SCHEMA, orderAt, orderType } from './orders';
import { isReady, type Workload } from './workloads';

/** An object to be serialized, about 100 bytes as JSON. */
export interface Event {
  id: number;
  user: string;
  country: string;
  amount: number;
  note: string;
}

export interface PoolRecord {
  topic: string;
  key: string | undefined;
  value: string | Buffer | Event;
  headers?: Record<string, string>;
  /** Milliseconds since the epoch. */
  timestamp?: number;
}

export const POOL_RECORDS = 100_000;
const DISTINCT_VALUE_BYTES = 16 * 1024 * 1024;
const ORDER_BYTES = 1000;
export const FIRST_TIMESTAMP = Date.UTC(2026, 0, 1);

export const EVENT_SCHEMA: avsc.Schema = {
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'user', type: 'string' },
    { name: 'country', type: 'string' },
    { name: 'amount', type: 'double' },
    { name: 'note', type: 'string' },
  ],
};
export const eventType = avsc.Type.forSchema(EVENT_SCHEMA);

/** What a workload's values are in Avro. */
export function schemaOf({ value }: Workload): avsc.Schema {
  return value === 'json-to-avro' ? ORDER_SCHEMA : EVENT_SCHEMA;
}

/** Big values are shared by several keys, so that the pool's size does not become what is measured. */
export function distinctValues(valueBytes: number): number {
  return Math.max(1, Math.min(POOL_RECORDS, Math.floor(DISTINCT_VALUE_BYTES / valueBytes)));
}

/** Through a Buffer and back: a flat string, as parsed input is, and no rope that the first send flattens. */
const flat = (text: string) => Buffer.from(text).toString('latin1');

export function keyAt(index: number): string {
  return `user-${String(index).padStart(6, '0')}`;
}

/** The value tells its own index in its first six characters, and the index tells the whole value. */
export function valueAt(index: number, valueBytes: number): string {
  const id = String(index % distinctValues(valueBytes)).padStart(6, '0');
  return flat(id.repeat(Math.ceil(valueBytes / id.length)).slice(0, valueBytes));
}

export function eventAt(index: number): Event {
  return {
    id: index,
    user: flat(keyAt(index)),
    country: 'NZ',
    amount: index / 4,
    note: flat(`note ${index} `.repeat(3)),
  };
}

/** Repeated as big values are. */
export function orderTextAt(index: number): string {
  return flat(JSON.stringify(orderAt(index % distinctValues(ORDER_BYTES))));
}

export function headersAt(index: number): Record<string, string> {
  return { source: 'bench', trace: flat(keyAt(index)) };
}

export function timestampAt(index: number): number {
  return FIRST_TIMESTAMP + index;
}

/** The topics of a trial, by the name it was given. */
export function topicsOf(topic: string, { topics }: Workload): string[] {
  return topics === 1 ? [topic] : Array.from({ length: topics }, (_, index) => `${topic}-${index}`);
}

export function buildPool(workload: Workload, topic: string): PoolRecord[] {
  const { keyed, headers } = workload;
  const topics = topicsOf(topic, workload);
  const values = distinctValuesOf(workload);
  return Array.from({ length: POOL_RECORDS }, (_, index) => ({
    topic: topics[index % topics.length]!,
    key: keyed ? flat(keyAt(index)) : undefined,
    value: values[index % values.length]!,
    ...(headers && { headers: headersAt(index), timestamp: timestampAt(index) }),
  }));
}

function distinctValuesOf({ value, valueBytes }: Workload): PoolRecord['value'][] {
  const make = (count: number, at: (index: number) => PoolRecord['value']) =>
    Array.from({ length: count }, (_, index) => at(index));
  if (value === 'text') return make(distinctValues(valueBytes), (index) => valueAt(index, valueBytes));
  if (value === 'bytes') {
    return make(distinctValues(valueBytes), (index) => Buffer.from(valueAt(index, valueBytes)));
  }
  if (value === 'json-to-avro') return make(distinctValues(ORDER_BYTES), orderTextAt);
  return make(POOL_RECORDS, eventAt);
}

/** Cut into calls, each used in turn, so that calls in flight at the same time hold different records. */
export function cutIntoCalls<T>(pool: T[], recordsPerCall: number): T[][] {
  const calls: T[][] = [];
  for (let start = 0; start + recordsPerCall <= pool.length; start += recordsPerCall) {
    calls.push(pool.slice(start, start + recordsPerCall));
  }
  return calls;
}

/** For clients whose calls name one topic and list its messages. */
export function groupedByTopic<T extends { topic: string }>(
  batch: readonly T[],
): { topic: string; messages: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const record of batch) {
    const group = groups.get(record.topic);
    if (group) group.push(record);
    else groups.set(record.topic, [record]);
  }
  return [...groups].map(([topic, messages]) => ({ topic, messages }));
}

/** Value made bytes by the adapter of a client that has no serializers of its own. */
export function encoded(value: PoolRecord['value'], { value: kind }: Workload): string | Buffer {
  if (kind === 'json-to-avro') return orderType.toBuffer(JSON.parse(value as string));
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  return kind === 'avro' ? eventType.toBuffer(value) : JSON.stringify(value);
}

/** The same for a client that knows bytes alone. */
export function bytesOf(value: PoolRecord['value'], workload: Workload): Buffer {
  const ready = encoded(value, workload);
  return typeof ready === 'string' ? Buffer.from(ready) : ready;
}

/** Key and value bytes of an average record. */
export function averageBytes(workload: Workload): number {
  const key = workload.keyed ? keyAt(0).length : 0;
  if (isReady(workload)) return key + workload.valueBytes;
  const valueAtIndex = workload.value === 'json-to-avro' ? orderTextAt : eventAt;
  const sample = Array.from({ length: 100 }, (_, i) =>
    encoded(valueAtIndex((i * POOL_RECORDS) / 100), workload),
  );
  return key + sample.reduce((sum, value) => sum + value.length, 0) / sample.length;
}
