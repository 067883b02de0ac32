// What a record becomes in another thread. A clone has no class and no functions: what a serializer would ask of one is gone, so
// that records would differ from thread to thread. Such a record stays.
import { types } from 'node:util';
import { isPlainObject } from '../serialize/field-length';

/** Beyond, it is most likely nested in itself. */
const MOST_LEVELS = 100;

/** Why a key or value would not mean the same elsewhere; undefined: it would. What getters throw is the caller's. */
export function whyImmovable(value: unknown, level = 0): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `it has a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (level > MOST_LEVELS) return `it is nested more than ${MOST_LEVELS} levels deep`;
  if (types.isUint8Array(value)) {
    const becomesBuffer = level > 0 && !Buffer.isBuffer(value);
    return becomesBuffer ? 'a Uint8Array in it would become a Buffer' : undefined;
  }
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || types.isDate(value)) return undefined;
  if (types.isPromise(value) || types.isProxy(value)) return 'it has a promise or a proxy';
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function')
    return 'it has a toJSON, and a clone none';
  for (const part of partsOf(value)) {
    const why = whyImmovable(part, level + 1);
    if (why !== undefined) return why;
  }
  return undefined;
}

function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (types.isMap(value)) return [...value.keys(), ...value.values()];
  if (types.isSet(value)) return [...value];
  return Object.values(value);
}

/** Buffers come as what they are made of. In place, wherever they are in a clone. */
export function withBuffers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Buffer.isBuffer(value)) return value;
  if (types.isUint8Array(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || types.isDate(value)) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = withBuffers(value[i]);
  } else if (types.isMap(value)) {
    for (const [key, part] of [...value]) {
      value.delete(key);
      value.set(withBuffers(key), withBuffers(part));
    }
  } else if (types.isSet(value)) {
    for (const part of [...value]) {
      value.delete(part);
      value.add(withBuffers(part));
    }
  } else {
    const fields = value as Record<string, unknown>;
    for (const name of Object.keys(fields)) {
      const part = fields[name];
      if (typeof part === 'object' && part !== null) fields[name] = withBuffers(part);
    }
  }
  return value;
}

/** Headers of a class, such as a request's, as pairs or an object; anything else as it is, to be looked at where it is sent. */
export function movableHeaders(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return headers;
  if (Array.isArray(headers) || types.isMap(headers) || isPlainObject(headers)) return headers;
  if (typeof (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function') {
    return [...(headers as Iterable<unknown>)];
  }
  const fields = { ...headers };
  // A clone would be taken for no headers.
  return Object.keys(fields).length > 0 ? fields : `${Object.prototype.toString.call(headers)}`;
}
