// CSV rows as JSON objects.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../../src/ingest/formats/csv';
import { runsOfRows } from '../../../src/ingest/formats/csv-rows';
import type { RecordBatch } from '../../../src/ingest/formats/record-batch';
import { Stopped } from '../../../src/ingest/source';
import { readAll } from './read-all';

const read = (chunks: (Buffer | string)[], keyField: string | null = null) =>
  readAll(readCsv({ topic: 't' }, { key: keyField, value: null, timestamp: null }), chunks);

describe('readCsv', () => {
  it('makes each row an object of strings', async () => {
    const { records } = await read(['id,name\n1,Ada\n2,"Grace ""G"", Hopper"\n']);
    expect(records.map(({ key, value }) => [key, value])).toEqual([
      [null, '{"id":"1","name":"Ada"}'],
      [null, '{"id":"2","name":"Grace \\"G\\", Hopper"}'],
    ]);
  });

  it('takes the key from a column, and none from an empty cell', async () => {
    const { records } = await read(['a.b,c\nx,1\n,2\nü,3'], 'a.b');
    expect(records.map(({ key }) => key)).toEqual(['x', null, 'ü']);
  });

  it('reads the same rows with a chunk border at any position', async () => {
    const text = Buffer.from('\ufeffid,näme\r\n1,"two\r\nlines"\r\n\r\n3,é\n4,"a""b"');
    const whole = (await read([text])).records;
    expect(whole.map(({ line, value }) => [line, JSON.parse(value)])).toEqual([
      [2, { id: '1', näme: 'two\r\nlines' }],
      [5, { id: '3', näme: 'é' }],
      [6, { id: '4', näme: 'a"b' }],
    ]);
    for (let border = 0; border <= text.length; border++) {
      expect((await read([text.subarray(0, border), text.subarray(border)])).records).toEqual(whole);
    }
  });

  it('finds a quoted name behind a byte order mark', async () => {
    const text = Buffer.from('\ufeff"a\nb",c\n1,2\n');
    for (let border = 0; border <= text.length; border++) {
      const { records } = await read([text.subarray(0, border), text.subarray(border)]);
      expect(records).toMatchObject([{ line: 3, value: '{"a\\nb":"1","c":"2"}' }]);
    }
  });

  it('takes quotes within a cell as they are', async () => {
    const { records } = await read(['a,b\n5" pipe,1\n"x"y,2\n']);
    expect(records.map(({ value }) => JSON.parse(value).a)).toEqual(['5" pipe', '"x"y']);
  });

  it('refuses rows of another length, among rows that are fine', async () => {
    const { records, malformed } = await read(['a,b\n1,2\n3\n\n4,5,"x\ny"\n6,7\n']);
    expect(records.map(({ line, original }) => [line, original])).toEqual([
      [2, '1,2'],
      [7, '6,7'],
    ]);
    expect(malformed.map(({ line, original }) => [line, original])).toEqual([
      [3, '3'],
      [5, '4,5,"x\ny"'],
    ]);
    expect(malformed[0].reason).toBe('not a CSV row: 1 cells for 2 columns');
  });

  it('refuses a row whose quote never closes', async () => {
    const { records, malformed } = await read(['a,b\n1,2\n3,"open\nmore\n']);
    expect(records).toHaveLength(1);
    expect(malformed).toEqual([
      { line: 3, original: '3,"open\nmore', reason: 'not a CSV row: a quote is never closed' },
    ]);
    await expect(read(['a,"b\n1,2\n'])).rejects.toThrow('CSV header: a quote is never closed');
  });

  it('yields at most 1,000 rows at once, and what a chunk held without waiting for the next', async () => {
    const { batches } = await read([`a\n${'x\n'.repeat(2_500)}`, 'y\n']);
    const sizes = batches.map(({ records }) => records.length);
    expect(Math.max(...sizes)).toBe(1_000);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2_501);
  });

  it('does not let refused rows pile up', async () => {
    const { batches } = await read([`a\n${'x,y\n'.repeat(2_500)}`]);
    expect(Math.max(...batches.map(({ malformed }) => malformed.length))).toBeLessThanOrEqual(1_000);
    expect(batches.reduce((sum, { malformed }) => sum + malformed.length, 0)).toBe(2_500);
  });

  it('tells its header row, so that rejected rows can be read again', async () => {
    const headers: string[] = [];
    const reader = readCsv(
      { topic: 't' },
      { key: null, value: null, timestamp: null, onHeader: (header) => headers.push(header) },
    );
    await readAll(reader, ['a,"b,c","d""e"\n1,2,3\n']);
    expect(headers).toEqual(['a,"b,c","d""e"']);
  });

  it('refuses a header without the key column, or with a column twice', async () => {
    await expect(read(['a,b\n1,2\n'], 'c')).rejects.toThrow('CSV header: no column c among a, b');
    await expect(read(['a,b,a\n1,2,3\n'])).rejects.toThrow('CSV header: column a is there twice');
  });

  it('hands back rows that are not UTF-8 byte by byte, and takes the others', async () => {
    const { records, batches } = await read([Buffer.from('a,b\n1,caf\xe9\n2,th\xc3\xa9\n', 'latin1')]);
    expect(records).toMatchObject([{ line: 3, value: '{"a":"2","b":"thé"}', original: '2,thé' }]);
    const [{ reason, original }] = batches.flatMap(({ malformed }) => malformed);
    expect(reason).toBe('not UTF-8: column b');
    expect(original).toEqual(Buffer.from('1,caf\xe9', 'latin1'));
  });

  it('refuses a header that is not UTF-8, and UTF-16', async () => {
    await expect(read([Buffer.from('a,\xe9\n1,2\n', 'latin1')])).rejects.toThrow('CSV header: not UTF-8');
    const utf16 = Buffer.from('\ufeffa\n1\n', 'utf16le');
    await expect(read([utf16])).rejects.toThrow('CSV: the input is UTF-16, expected UTF-8');
    await expect(read([utf16.subarray(0, 1), utf16.subarray(1)])).rejects.toThrow('UTF-16');
  });

  it('tells where rows begin, behind blank lines, wherever the chunks end', async () => {
    const text = Buffer.from('a\n\n1\n\r\n\n2\n');
    for (let border = 0; border <= text.length; border++) {
      const { batches } = await read([text.subarray(0, border), text.subarray(border)]);
      expect(batches.flatMap(({ offsets }) => offsets)).toEqual([3, 8]);
    }
  });

  it('counts blank lines and lines within names before the rows', async () => {
    const { records, malformed } = await read(['\n\r\n"a\nb",c\n1,2\n3\n']);
    expect(records.map(({ line }) => line)).toEqual([5]);
    expect(malformed.map(({ line }) => line)).toEqual([6]);
  });

  it('takes a carriage return for the end of a row, as old spreadsheets write it', async () => {
    const text = Buffer.from('a,b\r1,"x\ry"\r\r3,4');
    const whole = await read([text]);
    expect(whole.records.map(({ line, value }) => [line, JSON.parse(value)])).toEqual([
      [2, { a: '1', b: 'x\ry' }],
      [5, { a: '3', b: '4' }],
    ]);
    for (let border = 0; border <= text.length; border++) {
      expect((await read([text.subarray(0, border), text.subarray(border)])).records).toEqual(whole.records);
    }
  });

  it.each([
    ['in a row', 'a,b\n1,2\n3,', 1, 8],
    ['within quotes', 'a,b\n1,2\n3,"4\n', 1, 8],
    ['behind quotes', 'a,b\n1,2\n3,"4"', 1, 8],
    ['behind a row', 'a,b\n1,2\n3,4\n', 2, 12],
    ['between the two characters of a line ending', 'a,b\r\n1,2\r\n3,4\r', 1, 10],
    ['in the header', '\ufeffa,', 0, undefined],
    ['in the byte order mark', Buffer.from([0xef, 0xbb]), 0, undefined],
  ])('stopped %s, it has given what was whole', async (_, text, count, endOffset) => {
    async function* stopping() {
      yield Buffer.from(text as string);
      throw new Stopped();
    }
    const batches: RecordBatch[] = [];
    const headers: string[] = [];
    const options = { key: 'b', value: null, timestamp: null, onHeader: (row: string) => headers.push(row) };
    const reading = async () => {
      for await (const batch of readCsv({ topic: 't' }, options)(stopping())) batches.push(batch);
    };
    await expect(reading()).rejects.toThrow(Stopped);
    expect(batches.flatMap(({ records }) => records)).toHaveLength(count);
    expect(batches.flatMap(({ malformed }) => malformed)).toEqual([]);
    expect(batches.at(-1)?.endOffset).toBe(endOffset);
    expect(headers).toHaveLength(count === 0 ? 0 : 1);
  });

  it('fails when its input does', async () => {
    async function* failing() {
      yield Buffer.from('a\n1\n');
      throw new Error('disk gone');
    }
    const reading = async () => {
      for await (const _ of readCsv({ topic: 't' }, { key: null, value: null, timestamp: null })(failing()));
    };
    await expect(reading()).rejects.toThrow('disk gone');
  });

  it('reads nothing from nothing', async () => {
    expect((await read([])).batches).toEqual([]);
    expect((await read(['a,b\n'])).batches).toEqual([]);
  });

  it('of whose end a quote is open is rejected whole, and done with', async () => {
    const text = 'a,b\n1,2\n3,"x\n4,5';
    const { malformed, batches } = await read([Buffer.from(text)]);
    expect(malformed.map(({ original }) => original).join()).toContain('"x\n4,5');
    expect(batches.at(-1)?.endOffset).toBe(text.length);
  });

  it('gives a row at once, although no other follows', async () => {
    let given = 0;
    async function* slow() {
      for (const row of ['a,b\n', '1,2\n', '3,"4"\r\n', '5,\n']) {
        yield Buffer.from(row);
        expect(given).toBe(row === 'a,b\n' ? 0 : Number(row[0]));
      }
    }
    const options = { key: 'a', value: null, timestamp: null };
    for await (const { records } of readCsv({ topic: 't' }, options)(slow())) given = Number(records[0].key);
    expect(given).toBe(5);
  });

  it('with a row that has no end fails, instead of losing what is behind', async () => {
    const chunk = Buffer.alloc(1 << 20, 'x');
    const endless = [Buffer.from('a\n"'), ...Array.from({ length: 66 }, () => chunk)];
    await expect(read(endless)).rejects.toThrow('A CSV row is longer than 67108864 bytes');
  });
});

it('rows are cut where csv-parse ends them, wherever the chunks do', async () => {
  const options = { relax_quotes: true, relax_column_count: true, skip_empty_lines: true };
  const rowsOf = (text: Buffer) =>
    parse(text, { ...options, record_delimiter: ['\r\n', '\n', '\r'], skip_records_with_error: true });
  const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '"', '\n', '\r', 'é'), maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat({ max: 40 }), { maxLength: 5 }), async (csv, borders) => {
      const bytes = Buffer.from(csv);
      const cuts = [0, ...borders.filter((at) => at < bytes.length), bytes.length].sort((a, b) => a - b);
      async function* chunks() {
        for (let i = 1; i < cuts.length; i++) yield bytes.subarray(cuts[i - 1], cuts[i]);
      }
      const runs: Buffer[] = [];
      for await (const run of runsOfRows(chunks())) runs.push(run);
      expect(Buffer.concat(runs)).toEqual(bytes);
      expect(runs.flatMap(rowsOf)).toEqual(rowsOf(bytes));
    }),
    { numRuns: 2_000 },
  );
});
