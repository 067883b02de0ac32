// What option values may look like.
import { describe, expect, it } from 'vitest';
import { collectPair, collectTopics, integerFrom } from '../../src/cli/option-values';

describe('integerFrom', () => {
  it('reads whole numbers, with _ between digits', () => {
    expect(integerFrom(0)('0')).toBe(0);
    expect(integerFrom(1)('1_000_000')).toBe(1_000_000);
    expect(integerFrom(1, -1)('-1')).toBe(-1);
  });

  it.each(['', ' ', '1.5', '1e3', '0x10', 'abc', '-1', '9007199254740993'])('refuses %j', (text) => {
    expect(() => integerFrom(0)(text)).toThrow('Expected a whole number of at least 0.');
  });

  it('names the exception', () => {
    expect(() => integerFrom(1, -1)('0')).toThrow('Expected a whole number of at least 1, or -1.');
  });
});

describe('collectPair', () => {
  it('gathers pairs, cut at the first =', () => {
    expect(collectPair('b=', collectPair('a=1=2'))).toEqual([
      ['a', '1=2'],
      ['b', ''],
    ]);
  });

  it.each(['', 'a', '=1'])('refuses %j', (text) => {
    expect(() => collectPair(text)).toThrow('Expected name=value.');
  });
});

describe('collectTopics', () => {
  it('gathers topics, with a number of partitions or the default', () => {
    const collect = collectTopics(12);
    expect(collect('b', collect('a.b_c-d:3'))).toEqual([
      { topic: 'a.b_c-d', partitions: 3 },
      { topic: 'b', partitions: 12 },
    ]);
  });

  it.each(['', ':3', 'a:0', 'a:', 'a:b', 'a b', 'a:1:2'])('refuses %j', (text) => {
    expect(() => collectTopics(1)(text)).toThrow('Expected name or name:partitions.');
  });
});
