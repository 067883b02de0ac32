// NDJSON and plain lines: what becomes a record, byte for byte, and what is refused.
import { describe, expect, it } from 'vitest';
import { readLines, readNdjson } from '../../../src/ingest/formats/line-records';
import { KeyPath } from '../../../src/ingest/key-path';
import { readAll } from './read-all';

const TEMPLATE = { topic: 't' };

describe('readLines', () => {
  it('makes every line a record, empty ones too', async () => {
    const { records } = await readAll(readLines(TEMPLATE), ['a\n\nb', 'c\r\nlast']);
    expect(records.map(({ line, key, value }) => [line, key, value])).toEqual([
      [1, null, 'a'],
      [2, null, ''],
      [3, null, 'bc'],
      [4, null, 'last'],
    ]);
  });

  it('keeps bytes that are no UTF-8', async () => {
    const line = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x80]);
    const { batches } = await readAll(readLines(TEMPLATE), [line]);
    expect(batches[0].records[0].value).toEqual(line);
  });

  it('gives every record what the template has', async () => {
    const headers: [string, string][] = [['source', 'test']];
    const { batches } = await readAll(readLines({ topic: 't', partition: 3, headers }), ['a\n']);
    expect(batches[0].records).toEqual([
      { topic: 't', key: null, value: Buffer.from('a'), partition: 3, headers },
    ]);
  });

  it('yields at most 1,000 records at once, and what a chunk held without waiting for the next', async () => {
    const { batches } = await readAll(readLines(TEMPLATE), ['x\n'.repeat(2_500), 'y\n']);
    expect(batches.map(({ records }) => records.length)).toEqual([1_000, 1_000, 500, 1]);
    expect(batches[3].lineNumbers).toEqual([2_501]);
    expect(batches.map(({ bytes }) => bytes)).toEqual([1_000, 1_000, 500, 1]);
  });
});

describe('readNdjson', () => {
  const read = (text: (Buffer | string)[], path: string | null = 'k') =>
    readAll(
      readNdjson(TEMPLATE, { key: path === null ? null : new KeyPath(path), value: null, timestamp: null }),
      text,
    );

  it('takes the value as it is written and the key out of it', async () => {
    const odd = '{ "k" : "a",\t"n": 1.50, "k2":"\\u00e9" }';
    const { records } = await read([`${odd}\r\n{"k":7}\n"text"\n12\n{"k":null}`]);
    expect(records.map(({ key, value }) => [key, value])).toEqual([
      ['a', odd],
      ['7', '{"k":7}'],
      [null, '"text"'],
      [null, '12'],
      [null, '{"k":null}'],
    ]);
  });

  it('reads keys beyond ASCII, written out or escaped, and by paths beyond ASCII', async () => {
    const { records } = await read(['{"k":"grün"}\n{"k":"gr\\u00fcn"}\n{"k":"日本 🎉"}\n{"k":{"ü":"é"}}']);
    expect(records.map(({ key }) => key)).toEqual(['grün', 'grün', '日本 🎉', '{"ü":"é"}']);
    expect((await read(['{"clé":"a"}'], 'clé')).records[0].key).toBe('a');
    expect((await read(['{"a":"x"}'], 'clé')).records[0].key).toBeNull();
  });

  it('keeps bytes that are no UTF-8 within a value', async () => {
    const line = Buffer.concat([Buffer.from('{"k":"a","v":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')]);
    const { batches } = await read([line]);
    expect(batches[0].records).toMatchObject([{ key: 'a', value: line }]);
  });

  it('skips blank lines, but counts them as lines', async () => {
    const { batches, records } = await read(['\n{"k":1}\n  \t\n\r\n{"k":2}\n\n']);
    expect(records.map(({ line, key }) => [line, key])).toEqual([
      [2, '1'],
      [5, '2'],
    ]);
    expect(batches.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(4);
  });

  it('passes over a byte order mark', async () => {
    const { records } = await read(['\ufeff{"k":1}\n{"k":2}']);
    expect(records.map(({ value }) => value)).toEqual(['{"k":1}', '{"k":2}']);
  });

  it('refuses lines that are no JSON, with line number, reason and original', async () => {
    const { records, malformed } = await read(['{"k":1}\n{"k":\r\nnaïve\n{"k":2}\n{"k":3}{"k":4}\n1,2']);
    expect(records.map(({ line }) => line)).toEqual([1, 4]);
    expect(malformed.map(({ line, original }) => [line, original])).toEqual([
      [2, '{"k":'],
      [3, 'naïve'],
      [5, '{"k":3}{"k":4}'],
      [6, '1,2'],
    ]);
    expect(malformed[1].reason).toMatch(/^not JSON: .*naïve/);
  });

  it('checks lines without a key field too', async () => {
    const { records, malformed } = await read(['{"k":1}\n{'], null);
    expect(records.map(({ key }) => key)).toEqual([null]);
    expect(malformed).toHaveLength(1);
  });

  it('refuses keys that would lose digits', async () => {
    const { malformed } = await read(['{"k":12345678901234567890}']);
    expect(malformed[0].reason).toMatch(/^key field k: an integer beyond 2\^53/);
  });

  it('does not let refused lines pile up', async () => {
    const { batches } = await read(['{\n'.repeat(2_500)]);
    expect(batches.map(({ malformed }) => malformed.length)).toEqual([1_000, 1_000, 500]);
  });
});
