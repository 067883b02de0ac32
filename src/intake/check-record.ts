// Reads a record once, completely, and rejects what cannot be produced.
import type { Rule } from '../check-given';
import { describeValue, messageOf, RecordError, type RecordField } from '../errors';
import type { RulesByTopic, TopicRules } from '../options/topic-rules';
import { estimate, isPlainObject, upperBound } from '../serialize/field-length';
import type { FrameHeader } from '../serialize/frame-writer';
import type { Serializer } from '../serialize/serializer';
import type { BatchRecord, BytesLike, ProducerRecord } from './record';

/** A record read and serialized: nothing of the caller's is touched after this but the bytes of its buffers. */
export interface CheckedRecord {
  topic: string;
  key: BytesLike;
  value: BytesLike;
  /** -1: the partitioner's choice. */
  partition: number;
  timestamp: number | undefined;
  headers: readonly FrameHeader[];
  /** Estimated bytes of key, value and headers. */
  size: number;
  /** As the caller gave it. */
  original: ProducerRecord<unknown, unknown>;
  /** While a serializer has yet to keep its promise. */
  pending: PendingFields | undefined;
}

/** What serializers have promised of a record. */
export interface PendingFields {
  /** Resolves when key, value and size are known, rejects with the RecordError. */
  kept: Promise<void>;
  /** What it is still waited for. */
  field: 'key' | 'value';
}

export interface RecordRules<K, V> {
  topics: RulesByTopic<K, V>;
  /** Largest key + value + headers, in bytes. */
  maxRequestSize: number;
}

const NO_HEADERS: FrameHeader[] = [];
const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

// Callers send to the same topic over and over: the last good name needs no second look.
let lastGoodName = '';

/** Kafka's rule (org.apache.kafka.common.internals.Topic). */
export function isTopicName(name: unknown): name is string {
  if (name === lastGoodName && name !== '') return true;
  if (typeof name !== 'string' || !TOPIC_NAME.test(name) || name === '.' || name === '..') return false;
  lastGoodName = name;
  return true;
}

export const TOPIC: Rule = { must: 'the name of a topic', fits: isTopicName };

/**
 * @throws RecordError INVALID_RECORD naming the field, SERIALIZATION_FAILED with the serializer's error as cause, or
 *   MSG_SIZE_TOO_LARGE.
 */
export function checkRecord<K, V>(
  record: BatchRecord<K, V>,
  index: number,
  rules: RecordRules<K, V>,
  defaultTopic?: string,
): CheckedRecord {
  if (record === null || typeof record !== 'object') {
    throw invalid(index, undefined, undefined, 'an object with a topic', record, 'the record');
  }
  const { topic = defaultTopic, key, value, partition, timestamp, headers } = record;
  if (!isTopicName(topic)) {
    throw invalid(
      index,
      undefined,
      'topic',
      'a name of 1 to 249 letters, digits, dots, underscores or hyphens',
      topic,
    );
  }
  const topicRules = rules.topics.of(topic);
  const custom = topicRules.keySerializer !== undefined || topicRules.valueSerializer !== undefined;
  const pairs: FrameHeader[] =
    headers !== undefined && headers !== null
      ? checkHeaders(headers, topic, index)
      : custom
        ? []
        : NO_HEADERS;
  const checked: CheckedRecord = {
    topic,
    key: undefined,
    value: undefined,
    partition: checkPartition(partition, topic, index),
    timestamp: checkTimestamp(timestamp, topic, index),
    headers: pairs,
    size: 0,
    // A single send, which is who needs all of it, has a topic.
    original: record as ProducerRecord<unknown, unknown>,
    pending: undefined,
  };
  if (!custom) {
    takePlain(checked, 'key', key, index);
    takePlain(checked, 'value', value, index);
    measure(checked, index, rules.maxRequestSize);
    return checked;
  }
  return serializeFields(checked, key, value, topicRules, index, rules.maxRequestSize);
}

/** A field that nobody serializes. @throws RecordError INVALID_RECORD */
function takePlain(checked: CheckedRecord, field: 'key' | 'value', data: unknown, index: number): void {
  if (!isPlainField(data)) {
    const expected = `a string, Uint8Array or null (no ${field}Serializer is set)`;
    throw invalid(index, checked.topic, field, expected, data);
  }
  checked[field] = data;
}

// Apart from `checkRecord`, as everything that has closures: V8 makes their context with every call, needed or not.
function serializeFields<K, V>(
  checked: CheckedRecord,
  key: K | null | undefined,
  value: V | null | undefined,
  { keySerializer, valueSerializer }: TopicRules<K, V>,
  index: number,
  limit: number,
): CheckedRecord {
  const keyLater = serialize(checked, 'key', key, keySerializer, index);
  let valueLater: Promise<void> | undefined;
  try {
    valueLater = serialize(checked, 'value', value, valueSerializer, index);
  } catch (error) {
    // Nobody will wait for the key any more.
    keyLater?.catch(() => {});
    throw error;
  }
  if (keyLater === undefined && valueLater === undefined) {
    keepHeaders(checked, index);
    measure(checked, index, limit);
  } else {
    const keptKey = keyLater?.then(() => {
      pending.field = 'value';
    });
    const kept = Promise.all([keptKey, valueLater]).then(() => {
      keepHeaders(checked, index);
      measure(checked, index, limit);
      checked.pending = undefined;
    });
    const pending: PendingFields = { kept, field: keyLater === undefined ? 'value' : 'key' };
    checked.pending = pending;
  }
  return checked;
}

/**
 * What serializers have made of the headers is checked as the caller's are, and copied: they may still hold the list.
 * @throws RecordError INVALID_RECORD
 */
function keepHeaders(checked: CheckedRecord, index: number): void {
  const { headers, topic } = checked;
  if (headers.length > 0) checked.headers = checkHeaders(headers, topic, index);
}

/** @throws RecordError MSG_SIZE_TOO_LARGE */
function measure(checked: CheckedRecord, index: number, limit: number): void {
  checked.size = estimate(checked.key) + estimate(checked.value);
  for (const [name, value] of checked.headers) checked.size += estimate(name) + estimate(value);
  if (checked.size > limit) throw tooLarge(checked, index, limit);
}

/** At most this many bytes will the record take in a frame. */
export function upperBoundOf(record: CheckedRecord): number {
  let bytes = upperBound(record.key) + upperBound(record.value);
  for (const [name, value] of record.headers) bytes += upperBound(name) + upperBound(value);
  return bytes;
}

/** Of a record that nobody has looked at yet, for the words of an error. */
export function topicOf(read: () => { topic?: unknown } | undefined, defaultTopic?: string): string {
  try {
    return String(read()?.topic ?? defaultTopic);
  } catch {
    return '';
  }
}

/** What a record without a serializer, headers or anything unusual must be to skip `checkRecord`. */
export function isPlainField(field: unknown): field is BytesLike {
  return typeof field === 'string' || field === null || field === undefined || field instanceof Uint8Array;
}

/** Sets the field; a promise when that has to wait. */
function serialize<T>(
  checked: CheckedRecord,
  field: 'key' | 'value',
  data: T | null | undefined,
  serializer: Serializer<T> | undefined,
  index: number,
): Promise<void> | undefined {
  if (serializer === undefined) {
    takePlain(checked, field, data, index);
    return undefined;
  }
  let bytes: unknown;
  let later: boolean;
  try {
    bytes = serializer.serialize(checked.topic, data as T, checked.headers as FrameHeader[]);
    later = !isPlainField(bytes) && typeof (bytes as PromiseLike<unknown> | null)?.then === 'function';
  } catch (cause) {
    throw serializerFailed(checked, field, cause, index);
  }
  if (later) return takeLater(checked, field, bytes as PromiseLike<unknown>, index);
  takeSerialized(checked, field, bytes, index);
  return undefined;
}

function takeLater(
  checked: CheckedRecord,
  field: 'key' | 'value',
  promise: PromiseLike<unknown>,
  index: number,
): Promise<void> {
  return Promise.resolve(promise).then(
    (bytes) => takeSerialized(checked, field, bytes, index),
    (cause) => {
      throw serializerFailed(checked, field, cause, index);
    },
  );
}

/** @throws RecordError SERIALIZATION_FAILED for what cannot be sent */
function takeSerialized(checked: CheckedRecord, field: 'key' | 'value', bytes: unknown, index: number): void {
  if (!isPlainField(bytes)) {
    const { topic } = checked;
    throw new RecordError(
      `record ${index} for topic ${topic}: the ${field} serializer returned ${describeValue(bytes)}, expected a ` +
        'string, Uint8Array or null',
      'SERIALIZATION_FAILED',
      { topic, index, field },
    );
  }
  checked[field] = bytes;
}

function serializerFailed(
  { topic }: CheckedRecord,
  field: 'key' | 'value',
  cause: unknown,
  index: number,
): RecordError {
  return new RecordError(
    `record ${index} for topic ${topic}: the ${field} serializer failed: ${messageOf(cause)}`,
    'SERIALIZATION_FAILED',
    { topic, index, field, cause },
  );
}

function isPartition(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}

function checkPartition(partition: unknown, topic: string, index: number): number {
  if (partition === undefined || partition === null) return -1;
  if (isPartition(partition)) return partition;
  throw invalid(index, topic, 'partition', 'an integer of at least 0', partition);
}

function checkTimestamp(timestamp: unknown, topic: string, index: number): number | undefined {
  if (timestamp === undefined || timestamp === null) return undefined;
  const ms = timestamp instanceof Date ? timestamp.getTime() : timestamp;
  if (typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw invalid(index, topic, 'timestamp', 'milliseconds since the epoch, or a valid Date', timestamp);
}

function checkHeader(name: unknown, value: unknown, topic: string, index: number): void {
  if (typeof name !== 'string') throw invalid(index, topic, 'headers', 'a string', name, 'a header name');
  if (!isPlainField(value)) {
    throw invalid(
      index,
      topic,
      'headers',
      'a string, Uint8Array or null',
      value,
      `header ${JSON.stringify(name)}`,
    );
  }
}

export function checkHeaders(headers: unknown, topic: string, index: number): FrameHeader[] {
  const pairs: FrameHeader[] = [];
  const add = (name: unknown, value: unknown) => {
    checkHeader(name, value, topic, index);
    pairs.push([name as string, value as BytesLike]);
  };
  const expected = 'an object, or pairs of a name and a value';
  if (typeof headers !== 'object' || headers === null) {
    throw invalid(index, topic, 'headers', expected, headers);
  }
  if (isIterable(headers)) {
    for (const pair of headers) {
      if (!isPair(pair)) throw invalid(index, topic, 'headers', 'pairs of a name and a value', pair);
      add(pair[0], pair[1]);
    }
  } else {
    const entries = Object.entries(headers);
    // What a Date or a Promise holds is not in its properties.
    if (entries.length === 0 && !isPlainObject(headers)) {
      throw invalid(index, topic, 'headers', expected, headers);
    }
    for (const [name, value] of entries) {
      if (Array.isArray(value)) for (const one of value) add(name, one);
      else add(name, value);
    }
  }
  return pairs;
}

/** Such as a list, a Map, or the Headers of a request. */
function isIterable(headers: object): headers is Iterable<unknown> {
  return typeof (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

function isPair(pair: unknown): pair is [unknown, unknown] {
  return Array.isArray(pair) && pair.length === 2;
}

function invalid(
  index: number,
  topic: string | undefined,
  field: RecordField | undefined,
  expected: string,
  got: unknown,
  what: string | undefined = field,
): RecordError {
  const where = topic === undefined ? '' : ` for topic ${topic}`;
  return new RecordError(
    `record ${index}${where}: ${what} must be ${expected}, got ${describeValue(got)}`,
    'INVALID_RECORD',
    { topic, index, field },
  );
}

function tooLarge(record: CheckedRecord, index: number, limit: number): RecordError {
  return new RecordError(
    `record ${index} for topic ${record.topic}: key, value and headers take ${record.size} bytes or more, ` +
      `maxRequestSize is ${limit}`,
    'MSG_SIZE_TOO_LARGE',
    { topic: record.topic, index, partition: record.partition === -1 ? undefined : record.partition },
  );
}

/** How many records a batch has. @throws RecordError INVALID_RECORD for what is no array, or hides its length */
export function countOf(records: unknown): number {
  let count: unknown;
  try {
    count = Array.isArray(records) ? records.length : undefined;
  } catch {
    // A proxy that has been revoked, or throws.
  }
  if (Number.isInteger(count) && (count as number) >= 0 && (count as number) < 2 ** 32)
    return count as number;
  throw new RecordError(
    `sendBatch takes an array of records, got ${describeValue(records)}`,
    'INVALID_RECORD',
  );
}

/** Reading a record may run the caller's code (getters, proxies), which may throw anything. */
export function asRecordError(error: unknown, index: number): RecordError {
  if (error instanceof RecordError) return error;
  const reason = messageOf(error);
  return new RecordError(`record ${index} could not be read: ${reason}`, 'INVALID_RECORD', {
    index,
    cause: error,
  });
}
