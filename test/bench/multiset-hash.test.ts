// What the ingest benchmark compares a file with what was read back by.
import { expect, it } from 'vitest';
import { MultisetHash } from '../../bench/workers/multiset-hash';

function hashOf(...lines: string[]): string {
  const hash = new MultisetHash();
  for (const line of lines) hash.add(Buffer.from(line));
  return String(hash);
}

it('is the same for the same lines in any order', () => {
  expect(hashOf('a', 'b', 'b', '')).toBe(hashOf('b', '', 'a', 'b'));
  expect(hashOf('a')).toMatch(/^1 lines, [0-9a-f]{32}$/);
});

it.each([
  ['a line is missing', ['a', 'b']],
  ['a line is there twice', ['a', 'b', 'c', 'c']],
  ['a line is there instead of another', ['a', 'a', 'c']],
  ['a byte differs', ['a', 'b', 'd']],
  ['lines have run together', ['a', 'bc', '']],
])('differs when %s', (_, lines) => {
  expect(hashOf(...lines)).not.toBe(hashOf('a', 'b', 'c'));
});
