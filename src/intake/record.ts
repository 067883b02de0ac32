// What a caller hands in.
import { isUint8Array } from 'node:util/types';

/** Bytes as they are, or text to be encoded as UTF-8. `null` (or leaving it out) is Kafka's null. */
export type BytesLike = string | Uint8Array | null | undefined;

/** Whether it needs no serializer. */
export function isPlainField(field: unknown): field is BytesLike {
  return typeof field === 'string' || field === null || field === undefined || isBytes(field);
}

/** Of this realm or another, as in test environments. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || isUint8Array(value);
}

export type HeaderValue = string | Uint8Array | null | undefined;

/**
 * Either an object (a name's array value stands for repeated headers) or pairs, which keep any order: a list, a Map, the
 * Headers of a request. Names are text; values are text, bytes or null.
 */
export type Headers =
  | { readonly [name: string]: HeaderValue | readonly HeaderValue[] }
  | Iterable<readonly [name: string, value: HeaderValue]>;

export interface ProducerRecord<K = BytesLike, V = BytesLike> {
  topic: string;
  /** Decides the partition (murmur2, as the Java client) unless `partition` does. */
  key?: K | undefined;
  value?: V | undefined;
  /** 0 to the topic's partition count - 1. Default: chosen from the key, or round-robin without one. */
  partition?: number | undefined;
  /** Milliseconds since the epoch, or a Date. Default: the time of the hand-over. Ignored by topics of type LogAppendTime. */
  timestamp?: number | Date | undefined;
  headers?: Headers | undefined;
}

/** A record of a batch that names the topic once, for those that name none. */
export type BatchRecord<K = BytesLike, V = BytesLike> = Omit<ProducerRecord<K, V>, 'topic'> & {
  topic?: string | undefined;
};
