// Which key a value has.
import { describe, expect, it } from 'vitest';
import { KeyPath } from '../../src/ingest/key-path';

function keyOf(path: string, json: string): string | null {
  return new KeyPath(path).keyOf(JSON.parse(json));
}

describe('KeyPath', () => {
  it.each([
    ['strings as they are', 'k', '{"k":"été 1"}', 'été 1'],
    ['the empty string', 'k', '{"k":""}', ''],
    ['numbers as text', 'k', '{"k":-12.5}', '-12.5'],
    ['zero', 'k', '{"k":0}', '0'],
    ['booleans as text', 'k', '{"k":false}', 'false'],
    ['objects as JSON', 'k', '{"k":{"b":1,"a":[2]}}', '{"b":1,"a":[2]}'],
    ['arrays as JSON', 'k', '{"k":[1,"x"]}', '[1,"x"]'],
    ['nested fields', 'a.b.c', '{"a":{"b":{"c":"deep"}}}', 'deep'],
    ['places of an array', 'a.1', '{"a":["x","y"]}', 'y'],
    ['a field named like an inherited one, where it is there', '__proto__', '{"__proto__":"own"}', 'own'],
  ])('takes %s', (_, path, json, key) => {
    expect(keyOf(path, json)).toBe(key);
  });

  it.each([
    ['null', 'k', '{"k":null}'],
    ['a missing field', 'k', '{"other":1}'],
    ['a missing step', 'a.b', '{"a":null}'],
    ['a step into text', 'a.length', '{"a":"text"}'],
    ['what every object inherits', 'toString', '{}'],
    ['values that are no objects', 'k', '12'],
  ])('finds no key in %s', (_, path, json) => {
    expect(keyOf(path, json)).toBeNull();
  });

  it('refuses integers that JavaScript rounds, since two of them could become one key', () => {
    expect(keyOf('id', '{"id":9007199254740991}')).toBe('9007199254740991');
    expect(() => keyOf('id', '{"id":9007199254740993}')).toThrow(
      'key field id: an integer beyond 2^53 loses digits; write it as a string',
    );
    expect(() => keyOf('id', '{"id":1e400}')).toThrow('an integer beyond 2^53');
    expect(() => keyOf('id', '{"id":{"deep":[{"n":9007199254740993}]}}')).toThrow('an integer beyond 2^53');
  });
});
