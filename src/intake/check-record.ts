// Reads a record once, completely, and rejects what cannot be produced.
import { isDate } from 'node:util/types';
import { describeValue, messageOf, RecordError } from '../errors';
import type { RulesByTopic, TopicRules } from '../options/topic-rules';
import { estimate, upperBound } from '../serialize/field-length';
import type { FrameHeader } from '../serialize/frame-writer';
import type { Serializer } from '../serialize/serializer';
import { checkHeaders } from './check-headers';
import { invalid } from './invalid-record';
import { type BatchRecord, type BytesLike, isPlainField, type ProducerRecord } from './record';
import { isTopicName } from './topic-name';

/** A record read and serialized: nothing of the caller's is touched after this but the bytes of its buffers. */
export interface CheckedRecord {
  topic: string;
  key: BytesLike;
  value: BytesLike;
  /** -1: the partitioner's choice. */
  partition: number;
  /** Whether the record itself names its partition. */
  isPlaced: boolean;
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
  /** Of key, value, headers and what librdkafka counts around them, in bytes. */
  maxRequestSize: number;
}

/** What librdkafka counts a record for besides (RD_KAFKAP_MESSAGE_V2_MAX_OVERHEAD). */
export const WIRE_OVERHEAD_BYTES = 36;

const NO_HEADERS: readonly FrameHeader[] = Object.freeze([]);

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
  const pairs: readonly FrameHeader[] =
    headers !== undefined && headers !== null
      ? checkHeaders(headers, topic, index)
      : custom
        ? []
        : NO_HEADERS;
  const place = checkPartition(partition, topic, index);
  const checked: CheckedRecord = {
    topic,
    key: undefined,
    value: undefined,
    partition: place,
    isPlaced: place !== -1,
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
  if (checked.size + WIRE_OVERHEAD_BYTES > limit) throw tooLarge(checked, index, limit);
}

/** At most this many bytes will the record take in a frame. */
export function upperBoundOf(record: CheckedRecord): number {
  let bytes = upperBound(record.key) + upperBound(record.value);
  for (const [name, value] of record.headers) bytes += upperBound(name) + upperBound(value);
  return bytes;
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
  const ms = isDate(timestamp) ? Date.prototype.getTime.call(timestamp) : timestamp;
  if (typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw invalid(index, topic, 'timestamp', 'milliseconds since the epoch, or a valid Date', timestamp);
}

function tooLarge(record: CheckedRecord, index: number, limit: number): RecordError {
  return new RecordError(
    `record ${index} for topic ${record.topic}: key, value and headers take ${record.size} bytes or more, ` +
      `and ${WIRE_OVERHEAD_BYTES} around them; maxRequestSize is ${limit}`,
    'MSG_SIZE_TOO_LARGE',
    { topic: record.topic, index, partition: record.partition === -1 ? undefined : record.partition },
  );
}
