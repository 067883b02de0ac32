// From a source's bytes to records: every line arrives once and in order, or is told of with its number.

import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import avsc from 'avsc';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IngestError, type IngestOptions, type IngestReject, type IngestReport } from '../../src';
import { parseTimestamp } from '../../src/ingest/formats/fields';
import { EmbeddedCluster } from '../../src/testing';
import { type ReadRecord, readBack } from '../broker/read-back';
import { endOffsets } from '../broker/topics';
import { ScratchDirectory } from '../cli/scratch-directory';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const scratch = new ScratchDirectory();
const PARSERS = join(__dirname, 'parsers.cjs');
const values = (records: ReadRecord[]) => records.map(({ value }) => String(value));
const keys = (records: ReadRecord[]) => records.map(({ key }) => (key === null ? null : String(key)));

async function failure(ingestion: Promise<IngestReport>): Promise<IngestError> {
  const error = await ingestion.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(IngestError);
  return error;
}

describeOnEachCluster('ingest', (cluster) => {
  describe.each(['worker', 'caller'] as const)('in the thread of the %s', (thread) => {
    async function ingestAll(text: string | Buffer, options: Omit<IngestOptions, 'topic'>, partitions = 1) {
      const topic = await cluster.createTopic(partitions);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const rejects: IngestReject[] = [];
      const report = await producer.ingest([Buffer.from(text as string)], {
        topic,
        thread,
        rejects: (reject) => void rejects.push(reject),
        ...options,
      });
      return { report, rejects, records: await readBack(cluster.brokers, topic), producer };
    }

    it('delivers a file of NDJSON byte for byte, by key, in order', async () => {
      const lines = Array.from({ length: 30_000 }, (_, n) =>
        JSON.stringify({ n, user: { id: n % 7 === 0 ? `ü${n % 301}` : n % 301 }, text: 'x'.repeat(n % 80) }),
      );
      const text = lines.join('\r\n');
      const file = scratch.write(`${thread}.ndjson`, text);
      const topic = await cluster.createTopic(6);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const report = await producer.ingest(file, { topic, format: 'ndjson', key: 'user.id', thread });
      const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
      expect(report).toEqual({
        committedOffset: Buffer.byteLength(text),
        bytesRead: Buffer.byteLength(text),
        records: 30_000,
        delivered: 30_000,
        failed: 0,
        malformed: 0,
        skipped: 0,
        deliveredBytes: bytes,
        failuresByCode: {},
      });
      const records = await readBack(cluster.brokers, topic);
      expect(values(records).sort()).toEqual([...lines].sort());
      const last = new Map<string, number>();
      for (const { key, value } of records) {
        const { n, user } = JSON.parse(String(value));
        expect(String(key)).toBe(String(user.id));
        if ((last.get(user.id) ?? -1) >= n) throw new Error(`key ${key} out of order`);
        last.set(user.id, n);
      }
      expect(producer.metrics().bufferedBytes).toBe(0);
    });

    it('tells malformed lines with number, offset and reason, and goes on', async () => {
      const text =
        '\ufeff{"k":"a"}\nnot json\n\n  \n{"k":1e2}\r\n{"k":"\\u00e9"}\n{"k":12345678901234567890}\n{"k":[1]}';
      const { report, rejects, records } = await ingestAll(text, { format: 'ndjson', key: 'k' });
      expect(keys(records)).toEqual(['a', '100', 'é', '[1]']);
      expect(values(records)).toEqual(['{"k":"a"}', '{"k":1e2}', '{"k":"\\u00e9"}', '{"k":[1]}']);
      expect(rejects).toMatchObject([
        { line: 2, offset: 13, code: 'MALFORMED', persisted: 'no', data: Buffer.from('not json') },
        { line: 7, offset: 52, code: 'MALFORMED', data: Buffer.from('{"k":12345678901234567890}') },
      ]);
      expect(rejects[0].reason).toMatch(/^not JSON: .*not json/);
      expect(rejects[1].reason).toMatch(/loses digits/);
      expect(report).toMatchObject({ records: 4, delivered: 4, malformed: 2, skipped: 2, failed: 0 });
      expect(report.committedOffset).toBe(Buffer.byteLength(text));
    });

    it('tells of records that fail', async () => {
      const large = `{"pad":"${'x'.repeat(1_100_000)}"}`;
      const { report, rejects, records } = await ingestAll(`1\n${large}\n2\n`, { format: 'ndjson' });
      expect(values(records)).toEqual(['1', '2']);
      expect(rejects).toMatchObject([{ line: 2, offset: 2, code: 'MSG_SIZE_TOO_LARGE' }]);
      expect(rejects[0].data.length).toBe(large.length);
      expect(report).toMatchObject({ delivered: 2, failed: 1, failuresByCode: { MSG_SIZE_TOO_LARGE: 1 } });
    });

    it('takes value, timestamp, headers and partition as asked', async () => {
      const text =
        '{"at":1700000000123,"v":{"a":1}}\n{"at":"2024-01-01T00:00:00Z","v":"text"}\n{"at":"soon","v":1}\n';
      const { rejects, records } = await ingestAll(
        text,
        { format: 'ndjson', value: 'v', timestamp: 'at', headers: { h: 'ä' }, partition: 1 },
        2,
      );
      expect(records).toMatchObject([
        {
          partition: 1,
          value: Buffer.from('{"a":1}'),
          headers: [['h', Buffer.from('ä')]],
          timestamp: 1700000000123,
        },
        { partition: 1, value: Buffer.from('text'), timestamp: Date.UTC(2024, 0, 1) },
      ]);
      expect(rejects).toMatchObject([
        { line: 3, reason: 'timestamp field at: neither milliseconds nor a date: soon' },
      ]);
    });

    it('gives lines the headers asked for', async () => {
      const headers: [string, string | null][] = [
        ['a', '1'],
        ['none', null],
        ['a', '2'],
      ];
      const { records } = await ingestAll('one\n\ntwo', { format: 'lines', headers });
      expect(values(records)).toEqual(['one', '', 'two']);
      const mapped = await ingestAll('one', { format: 'lines', headers: new Map([['a', '1']]) });
      expect(mapped.records[0].headers).toEqual([['a', Buffer.from('1')]]);
      for (const record of records) {
        expect(record.headers).toEqual([
          ['a', Buffer.from('1')],
          ['a', Buffer.from('2')],
          ['none', null],
        ]);
      }
    });

    it('reads CSV, and from behind its header with columns given', async () => {
      const text = 'id,name,at\n1,Ada,5\n2\n3,"Grace\nHopper",\n';
      const options = { format: 'csv', key: 'id', timestamp: 'at' } as const;
      const { rejects, records, report } = await ingestAll(text, options);
      expect(keys(records)).toEqual(['1', '3']);
      expect(records[0].timestamp).toBe(5);
      expect(JSON.parse(String(records[1].value))).toEqual({ id: '3', name: 'Grace\nHopper', at: '' });
      expect(rejects).toMatchObject([{ line: 3, offset: 19, data: Buffer.from('2') }]);
      expect(report.committedOffset).toBe(text.length);
      const rest = await ingestAll(text.slice(21), {
        ...options,
        columns: ['id', 'name', 'at'],
        value: 'name',
      });
      expect(values(rest.records)).toEqual(['Grace\nHopper']);
    });

    it('leaves the memory of a source alone, which may be written anew', async () => {
      const topic = await cluster.createTopic(1);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const memory = new Uint8Array(4);
      function* readings() {
        for (const reading of ['one\n', 'two\n', 'thr', 'ee\n', 'four']) {
          memory.set(Buffer.from(reading));
          yield memory.subarray(0, reading.length);
        }
      }
      await producer.ingest(readings(), { topic, format: 'lines', thread });
      const whole = new Uint8Array(Buffer.from('again\n'));
      const options = { topic, format: 'lines', thread } as const;
      expect(await producer.ingest([whole, whole], options)).toMatchObject({ delivered: 2 });
      expect(await producer.ingest([whole], options)).toMatchObject({ delivered: 1 });
      expect(String(Buffer.from(whole))).toBe('again\n');
      const expected = ['one', 'two', 'three', 'four', 'again', 'again', 'again'];
      expect(values(await readBack(cluster.brokers, topic))).toEqual(expected);
    });

    it('begins where it is told, at the end of a file at the latest', async () => {
      const file = scratch.write(`${thread}-offset.txt`, 'one\ntwo\n');
      const topic = await cluster.createTopic(1);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const options = { topic, format: 'lines', thread } as const;
      const report = await producer.ingest(file, { ...options, startOffset: 4 });
      expect(report).toMatchObject({ delivered: 1, bytesRead: 4, committedOffset: 8 });
      const rest = await producer.ingest(file, { ...options, startOffset: report.committedOffset });
      expect(rest).toMatchObject({ delivered: 0, bytesRead: 0, committedOffset: 8 });
    });

    it('refuses what a module makes that is neither text nor bytes', async () => {
      const module = { module: PARSERS, export: 'numbers' };
      const { report, rejects } = await ingestAll('value\nkey\nother\n', { format: module });
      expect(rejects).toMatchObject([
        {
          line: 1,
          code: 'MALFORMED',
          reason: "the module's value must be a string, Uint8Array or null, got the number 5",
        },
        { line: 2, reason: "the module's key must be a string, Uint8Array or null, got the number 5" },
      ]);
      expect(report).toMatchObject({ delivered: 1, malformed: 2, deliveredBytes: 5, committedOffset: 16 });
    });

    it('has a module make the records', async () => {
      const module = { module: PARSERS, options: { prefix: '>' } };
      const { report, rejects, records } = await ingestAll('a=1\n\nbad\nb=2', { format: module });
      expect(records).toMatchObject([
        {
          key: Buffer.from('a'),
          value: Buffer.from('>1'),
          timestamp: 1_001,
          headers: [['number', Buffer.from('1')]],
        },
        {
          key: Buffer.from('b'),
          value: Buffer.from('>2'),
          timestamp: 1_004,
          headers: [['number', Buffer.from('4')]],
        },
      ]);
      expect(rejects).toMatchObject([{ line: 3, offset: 5, reason: 'no good: bad', code: 'MALFORMED' }]);
      expect(report).toMatchObject({ records: 2, skipped: 1, malformed: 1 });
      const later = await ingestAll('one\ntwo\n', { format: { module: PARSERS, export: 'later' } });
      expect([keys(later.records), values(later.records)]).toEqual([
        ['o', 't'],
        ['one', 'two'],
      ]);
      const esm = await ingestAll('up\n', {
        format: { module: pathToFileURL(join(__dirname, 'parser.mjs')) },
      });
      expect(values(esm.records)).toEqual(['UP']);
    });

    it('has a module turn JSON into Avro', async () => {
      const schema = {
        type: 'record' as const,
        name: 'Reading',
        fields: [
          { name: 'sensor', type: 'string' },
          { name: 'at', type: 'long' },
          { name: 'celsius', type: 'double' },
        ],
      };
      const readings = Array.from({ length: 2_500 }, (_, n) => {
        return { sensor: `roof-${n % 7}`, at: 1_700_000_000_000 + n, celsius: n / 8 };
      });
      const lines = readings.map((reading) => JSON.stringify(reading));
      lines[1_200] = '{"sensor":"cellar","at":1,"celsius":"cold"}';
      lines[1_300] = '{"sensor":';
      const format = {
        module: join(__dirname, 'readings-to-avro.mjs'),
        options: { schema, schemaId: 77 },
      };
      const { report, rejects, records } = await ingestAll(lines.join('\n'), { format });
      expect(report).toMatchObject({ delivered: 2_498, malformed: 2, failed: 0 });
      expect(rejects).toMatchObject([
        { line: 1_201, reason: 'celsius must be of type double, got the string "cold"' },
        { line: 1_301, reason: expect.stringMatching(/^not JSON: /) },
      ]);
      const type = avsc.Type.forSchema(schema);
      const decoded = records.map(({ value }) => {
        const bytes = value as Buffer;
        expect([bytes[0], bytes.readUInt32BE(1)]).toEqual([0, 77]);
        return { ...type.fromBuffer(bytes.subarray(5)) };
      });
      expect(decoded).toEqual(readings.filter((_, n) => n !== 1_200 && n !== 1_300));
      expect(keys(records)).toEqual(decoded.map(({ sensor }) => sensor));
      expect(records.map(({ timestamp }) => timestamp)).toEqual(decoded.map(({ at }) => at));
    });

    it.each([
      ['is not there', { module: './no-such-module.cjs' }, /module .* could not be loaded/],
      ['does not export it', { module: PARSERS, export: 'notAFactory' }, /exports no function notAFactory/],
      [
        'makes no parser',
        { module: PARSERS, export: 'makesNothing' },
        /must return a function that takes a line/,
      ],
    ])('fails when the module %s', async (_title, format, message) => {
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const error = await failure(producer.ingest(['a\n'], { topic: 'unused', format, thread }));
      expect(error).toMatchObject({ code: 'MODULE_FAILED', report: { records: 0, committedOffset: 0 } });
      expect(error.message).toMatch(message);
    });

    it('without rejects ends at the first bad line, and can be resumed behind it', async () => {
      const topic = await cluster.createTopic(3);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const lines = Array.from({ length: 9_000 }, (_, n) => (n === 5_000 ? 'no JSON' : String(n)));
      const file = scratch.write(`${thread}-resumed.ndjson`, lines.join('\n'));
      const error = await failure(producer.ingest(file, { topic, format: 'ndjson', thread }));
      const before = lines.slice(0, 5_000).join('\n').length + 1;
      expect(error).toMatchObject({
        code: 'MALFORMED',
        report: { committedOffset: before, delivered: 5_000 },
      });
      expect(error.message).toMatch(/^line 5001: not JSON/);
      const startOffset = before + 'no JSON\n'.length;
      const report = await producer.ingest(file, { topic, format: 'ndjson', thread, startOffset });
      expect(report).toMatchObject({ delivered: 3_999, committedOffset: lines.join('\n').length });
      const numbers = values(await readBack(cluster.brokers, topic)).map(Number);
      expect(numbers.sort((a, b) => a - b)).toEqual(
        Array.from({ length: 9_000 }, (_, n) => n).filter((n) => n !== 5_000),
      );
    });

    it('stops when told to, without a line that is unfinished', async () => {
      const topic = await cluster.createTopic(1);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const controller = new AbortController();
      const source = new Readable({ read() {} });
      source.push('one\ntwo\nunfin');
      const ingestion = producer.ingest(source, {
        topic,
        format: 'lines',
        thread,
        signal: controller.signal,
        onProgress: ({ delivered }) => {
          if (delivered === 2) controller.abort();
        },
      });
      expect(await ingestion).toMatchObject({ delivered: 2, committedOffset: 8, bytesRead: 13 });
      expect(await endOffsets(cluster.brokers, topic)).toEqual([2n]);
    });

    const rows = 5_000;
    const csv = `id,name\n${Array.from({ length: rows }, (_, id) => `${id},"x\ny"\n`).join('')}`;

    it('stopped amid CSV, it has sent every row that was read whole', async () => {
      const topic = await cluster.createTopic(1);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const controller = new AbortController();
      const source = new Readable({ read() {} });
      source.push(`${csv}unfin,"`);
      const report = await producer.ingest(source, {
        topic,
        format: 'csv',
        thread,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      });
      expect(report).toMatchObject({ delivered: rows, malformed: 0, committedOffset: csv.length });
      expect(await endOffsets(cluster.brokers, topic)).toEqual([BigInt(rows)]);
    });

    it('has sent every row of CSV that was read whole before the source fails', async () => {
      const topic = await cluster.createTopic(1);
      async function* failing() {
        yield `${csv}unfin`;
        throw new Error('the disk is gone');
      }
      const ingestion = openProducer({ bootstrapServers: cluster.brokers }).ingest(failing(), {
        topic,
        format: 'csv',
        thread,
      });
      expect(await failure(ingestion)).toMatchObject({
        message: 'the disk is gone',
        report: { delivered: rows, committedOffset: csv.length },
      });
      expect(await endOffsets(cluster.brokers, topic)).toEqual([BigInt(rows)]);
    });

    it('tells how far it came when the source fails', async () => {
      const topic = await cluster.createTopic(1);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      async function* failing() {
        yield 'one\ntwo\nthr';
        throw new Error('the disk is gone');
      }
      const error = await failure(producer.ingest(failing(), { topic, format: 'lines', thread }));
      expect(error).toMatchObject({
        message: 'the disk is gone',
        report: { delivered: 2, committedOffset: 8 },
      });
      const missing = await failure(producer.ingest('/no/such/file', { topic, format: 'lines', thread }));
      expect(missing.code).toBe('ENOENT');
    });
  });

  it('what a module does to its thread ends the ingestion, not the producer', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const error = await failure(
      producer.ingest(['a=1\n', 'exit\n'], { topic, format: { module: PARSERS }, rejects: () => {} }),
    );
    expect(error).toMatchObject({ code: 'WORKER_FAILED' });
    expect(error.message).toMatch(/ended early, with code 3/);
    await producer.send({ topic, value: 'still there' });
    expect(values(await readBack(cluster.brokers, topic)).at(-1)).toBe('still there');
  });
});

describe.each([{ thread: 'worker' }, { thread: 'caller' }] as const)(
  'a source faster than the cluster, in the thread of the $thread',
  ({ thread }) => {
    async function start(bufferMemory: number) {
      const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
      onTestFinished(() => cluster.close());
      const options = { bootstrapServers: cluster.bootstrapServers, bufferMemory, maxBlockMs: 500 };
      return { cluster, producer: openProducer(options) };
    }

    /** `sent` resolves when more than so many records are delivered. */
    function watch(records: number) {
      let onProgress = (_report: IngestReport) => {};
      const sent = new Promise<void>((resolve) => {
        onProgress = ({ delivered }) => {
          if (delivered > records) resolve();
        };
      });
      return { onProgress: (report: IngestReport) => onProgress(report), sent };
    }

    it('is read no further than memory allows', async () => {
      const { cluster, producer } = await start(2 << 20);
      let given = 0;
      const { sent, onProgress } = watch(0);
      async function* large() {
        const chunk = 'x'.repeat(99).concat('\n').repeat(1_000);
        while (given < 12_000_000) {
          given += chunk.length;
          yield chunk;
          if (given > chunk.length) continue;
          await sent;
          cluster.brokerDown(1);
        }
      }
      const ingestion = producer.ingest(large(), { topic: 'orders', format: 'lines', thread, onProgress });
      await sent;
      // Longer than maxBlockMs: a source is not refused, it waits.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(given).toBeLessThan(4_000_000);
      cluster.brokerUp(1);
      expect(await ingestion).toMatchObject({ delivered: 120_000, committedOffset: 12_000_000, failed: 0 });
      expect(await endOffsets(cluster.bootstrapServers, 'orders')).toEqual([120_000n]);
    });

    it('ends when the producer closes', async () => {
      const { producer } = await start(1 << 20);
      const { sent, onProgress } = watch(10_000);
      async function* endless() {
        for (;;) yield 'line\n'.repeat(1_000);
      }
      const ended = failure(
        producer.ingest(endless(), { topic: 'orders', format: 'lines', thread, onProgress }),
      );
      await sent;
      await producer.close();
      const { code, report } = await ended;
      expect(code).toBe('PRODUCER_CLOSED');
      expect(report.committedOffset).toBeGreaterThanOrEqual(5 * 10_000);
    });
  },
);

it('text that is cut in the middle of a character is put together again', async () => {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'cut', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
  const source = ['a\ud83d', '\ude00b\n', Buffer.from('c\n'), 'd\ud83d'];
  const report = await producer.ingest(source, { topic: 'cut', format: 'lines' });
  expect(report).toMatchObject({ delivered: 3, bytesRead: 7 + 2 + 4 });
  const stored = await readBack(cluster.bootstrapServers, 'cut');
  expect(stored.map(({ value }) => String(value))).toEqual(['a\u{1f600}b', 'c', 'd\ufffd']);
});

it.each([
  ['1700000000123', 1700000000123],
  ['2026-11-26', Date.UTC(2026, 10, 26)],
  ['2026-11-26T01:02:03.004Z', Date.UTC(2026, 10, 26, 1, 2, 3, 4)],
  ['Thu, 26 Nov 2026 01:02:03 GMT', Date.UTC(2026, 10, 26, 1, 2, 3)],
  ['', undefined],
])('the timestamp %j is read', (text, ms) => expect(parseTimestamp('at', text)).toBe(ms));

it.each(['-5', '12.5', 'item 7', 'soon', '1e3', '2026-99-01'])('the timestamp %j is malformed', (text) => {
  expect(() => parseTimestamp('at', text)).toThrow('timestamp field at: neither milliseconds nor a date');
});

describe('ingest refuses', () => {
  const ingest = (source: unknown, options: object) =>
    openProducer({ bootstrapServers: '127.0.0.1:1' }).ingest(source as never, options as never);

  it.each([
    [{ topic: 'no topic' }, /topic must be the name of a topic, got the string "no topic"/],
    [{ format: 'xml' }, /format must be 'ndjson', 'csv', 'lines' or { module }, got the string "xml"/],
    [{ format: { module: 7 } }, /format.module must be a path, a URL or a package/],
    [{ key: '' }, /key must be the name of a field/],
    [{ format: 'lines', key: 'k' }, /key needs the format ndjson or csv/],
    [{ startOffset: -1 }, /startOffset must be an integer of at least 0/],
    [{ format: 'csv', startOffset: 8 }, /startOffset needs columns with the format csv/],
    [{ columns: ['a'] }, /columns must be a list of names, for the format 'csv'/],
    [{ thread: 'pool' }, /thread must be 'worker' or 'caller'/],
    [{ partition: -1 }, /partition must be an integer from 0 to 2147483647, got the number -1/],
    [{ partition: '1' }, /partition must be an integer from 0 to 2147483647, got the string "1"/],
    [{ headers: () => ({}) }, /headers must be an object, or pairs of a name and a value, got a function/],
    [{ headers: { a: 5 } }, /ingest: header "a" must be a string, Uint8Array or null, got the number 5/],
    [{ rejects: 5 }, /rejects must be a function, a writable stream or a file's path or URL, got the number/],
    [{ rejects: '' }, /rejects must be a function, a writable stream/],
    [{ onProgress: 'x' }, /onProgress must be a function, got the string "x"/],
    [{ onHeader: {} }, /onHeader must be a function/],
    [{ signal: {} }, /signal must be an AbortSignal/],
    [{ keys: 'k' }, /unknown option keys/],
  ])('%o', async (options, message) => {
    const given = { topic: 't', format: 'ndjson', ...options };
    await expect(ingest([], given)).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(message),
    });
  });

  it('module options that cannot go to another thread', async () => {
    const format = { module: PARSERS, options: { prefix: () => '>' } };
    await expect(ingest(['a\n'], { topic: 't', format })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(
        /format.options must be something that can be cloned .*: .*could not be cloned/,
      ),
    });
  });

  it('a start behind the end of the file', async () => {
    const file = scratch.write('short.ndjson', '1\n2\n');
    const options = { topic: 't', format: 'ndjson', startOffset: 5 };
    await expect(ingest(file, options)).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: `ingest: startOffset 5 is behind the end of ${file}, which has 4 bytes`,
    });
  });

  it.each([undefined, 7, Buffer.from('a')])('the source %o', async (source) => {
    await expect(ingest(source, { topic: 't', format: 'lines' })).rejects.toThrow(
      /the source must be a file's path/,
    );
  });
});
