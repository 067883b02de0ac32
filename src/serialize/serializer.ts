// How keys and values become bytes.
import { type BytesLike, isBytes } from '../intake/record';
import type { FrameHeader } from './frame-writer';

/** A record's headers on their way out. A serializer may add to them, as Java's may. */
export type SerializerHeaders = FrameHeader[];

/**
 * Turns a record's key or value into bytes or text. Whatever it throws rejects that record alone, with
 * SERIALIZATION_FAILED. It may return a promise: the records of that topic behind it wait, so that order is kept.
 */
export interface Serializer<T> {
  serialize(topic: string, data: T, headers: SerializerHeaders): BytesLike | PromiseLike<BytesLike>;
}

/** A serializer's complaint: what it takes, and what it was given. */
export function expected(what: string, data: unknown): TypeError {
  return new TypeError(`expected ${what}, got ${describe(data)}`);
}

function describe(data: unknown): string {
  if (typeof data === 'number' || typeof data === 'bigint') return `${data}`;
  if (typeof data === 'string') return data.length <= 60 ? JSON.stringify(data) : 'a longer string';
  if (typeof data === 'object') return `an object (${data?.constructor?.name ?? 'without prototype'})`;
  return `a ${typeof data}`;
}

/** Text as UTF-8. null and undefined stay null. */
export const stringSerializer: Serializer<string | null | undefined> = {
  serialize: (_topic, data) => {
    if (data !== null && data !== undefined && typeof data !== 'string') throw expected('a string', data);
    return data;
  },
};

/** JSON text. undefined is Kafka's null; null is the JSON text `null`. What JSON leaves out, such as a function, is refused. */
export const jsonSerializer: Serializer<unknown> = {
  serialize: (_topic, data) => {
    const text = JSON.stringify(data) as string | undefined;
    if (text === undefined && data !== undefined) throw expected('something that JSON can hold', data);
    return text;
  },
};

/** Bytes as they are. */
export const bytesSerializer: Serializer<Uint8Array | null | undefined> = {
  serialize: (_topic, data) => {
    if (data !== null && data !== undefined && !isBytes(data)) throw expected('a Uint8Array', data);
    return data;
  },
};
