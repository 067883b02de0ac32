// Headers in any of their shapes, made pairs of a name and a value.
import { isPlainObject } from '../serialize/field-length';
import type { FrameHeader } from '../serialize/frame-writer';
import { invalid } from './invalid-record';
import { type BytesLike, isPlainField } from './record';

/** @throws RecordError INVALID_RECORD */
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

/** Such as a list, a Map, or the Headers of a request. */
function isIterable(headers: object): headers is Iterable<unknown> {
  return typeof (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

function isPair(pair: unknown): pair is [unknown, unknown] {
  return Array.isArray(pair) && pair.length === 2;
}
