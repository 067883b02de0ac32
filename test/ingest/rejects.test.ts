// Where lines go that are malformed or failed, in which order, and how they are told.
import { createReadStream, openSync, readFileSync, writeFileSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IngestOptions, IngestReject, IngestSource } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { ScratchDirectory } from '../cli/scratch-directory';
import { openProducer } from '../testing/open-producer';

const scratch = new ScratchDirectory();
let cluster: EmbeddedCluster;
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
});
afterAll(() => cluster.close());

function ingest(source: IngestSource, options: Omit<IngestOptions, 'topic'>) {
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, maxRequestSize: 1_000 });
  return producer.ingest(source, { topic: 'orders', ...options });
}

describe.each(['worker', 'caller'] as const)('rejects, in the thread of the %s', (thread) => {
  it('come in the order of the lines, one after the other', async () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => (n % 3 === 0 ? `bad ${n}` : String(n)));
    // Refused one by one, among those that are malformed and those that are delivered.
    for (let n = 1; n < lines.length; n += 300) lines[n] = `"${'x'.repeat(2_000)}"`;
    const came: number[] = [];
    let open = 0;
    const report = await ingest([lines.join('\n')], {
      format: 'ndjson',
      thread,
      rejects: async ({ line }) => {
        open++;
        if (line % 1_000 === 1) await new Promise((resolve) => setImmediate(resolve));
        expect(open).toBe(1);
        open--;
        came.push(line);
      },
    });
    const bad = lines.flatMap((line, n) => (/^(bad|")/.test(line) ? [n + 1] : []));
    expect(came).toEqual(bad);
    expect(report).toMatchObject({ malformed: 10_000, failed: 100, delivered: 19_900 });
  });

  it('come in order of what the brokers refuse too', async () => {
    const rejects: IngestReject[] = [];
    const source = ['a\n'.repeat(5_000)];
    await ingest(source, {
      format: 'lines',
      thread,
      partition: 9,
      rejects: (reject) => void rejects.push(reject),
    });
    expect(rejects.map(({ line }) => line)).toEqual(Array.from({ length: 5_000 }, (_, n) => n + 1));
    expect(rejects[0].reason).toBe('partition 9: Local: Unknown partition');
  });

  it('have a reason that speaks of the line only', async () => {
    const rejects: IngestReject[] = [];
    await ingest(['1\n', `"${'x'.repeat(2_000)}"\n`], {
      format: 'ndjson',
      thread,
      rejects: (reject) => void rejects.push(reject),
    });
    expect(rejects.map(({ line, reason }) => `line ${line}: ${reason}`)).toEqual([
      'line 2: key, value and headers take 2002 bytes or more, and 36 around them; maxRequestSize is 1000',
    ]);
  });

  it('go into a stream, which stays open', async () => {
    const stream = new PassThrough();
    await ingest(['a,b\n1,2\n3\n"4\n",5,6\n'], { format: 'csv', thread, rejects: stream });
    await ingest(['bad\n'], { format: 'ndjson', thread, rejects: stream });
    stream.end();
    expect(await text(stream)).toBe('a,b\n3\n"4\n",5,6\nbad\n');
  });

  it('end the ingestion when the stream fails', async () => {
    const full = new Error('the disk is full');
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(full) });
    await expect(
      ingest(['1\nbad\n2\n'], { format: 'ndjson', thread, rejects: stream }),
    ).rejects.toMatchObject({ message: 'the disk is full', cause: full, report: { committedOffset: 2 } });
  });

  it('go into a file, which a resumed ingestion adds to', async () => {
    const file = scratch.write(`${thread}.csv`, 'a,b\n1,2\n3\n4\n5,6\n7\n');
    const rejects = scratch.write(`${thread}-rejects.csv`, 'of an earlier run');
    const first = await ingest(file, { format: 'csv', thread, rejects });
    expect(readFileSync(rejects, 'utf8')).toBe('a,b\n3\n4\n7\n');
    writeFileSync(file, 'a,b\n1,2\n3\n4\n5,6\n7\n8\n');
    await ingest(file, {
      format: 'csv',
      thread,
      columns: ['a', 'b'],
      startOffset: first.committedOffset,
      rejects: pathToFileURL(rejects),
    });
    expect(readFileSync(rejects, 'utf8')).toBe('a,b\n3\n4\n7\n8\n');
    await ingest(['a,b\n1,2\n'], { format: 'csv', thread, rejects });
    expect(readFileSync(rejects, 'utf8')).toBe('');
  });
});

it('rejects go behind a line that an earlier run was cut short in', async () => {
  const file = scratch.write('cut.ndjson', 'bad\n');
  const rejects = scratch.write('cut-rejects.txt', 'whole\nha');
  await ingest(file, { format: 'ndjson', startOffset: 1, rejects });
  expect(readFileSync(rejects, 'utf8')).toBe('whole\nha\nad\n');
});

it('rejects do not go over the input, nor nowhere', async () => {
  const file = scratch.write('input.ndjson', '1\n');
  await expect(ingest(file, { format: 'ndjson', rejects: file })).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: `rejects cannot go to ${file}: it is the input itself`,
  });
  expect(readFileSync(file, 'utf8')).toBe('1\n');
  for (const source of [createReadStream(file), createReadStream('', { fd: openSync(file, 'r') })]) {
    await expect(ingest(source, { format: 'ndjson', rejects: file })).rejects.toThrow(
      'it is the input itself',
    );
    expect(readFileSync(file, 'utf8')).toBe('1\n');
  }
  const nowhere = scratch.path('no/file');
  await expect(ingest(file, { format: 'ndjson', rejects: nowhere })).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: `cannot write rejects to ${nowhere}: no such file or directory`,
  });
});

it('a source is read no further while rejects hold it up', async () => {
  let given = 0;
  function* malformed() {
    const chunk = `${'x'.repeat(999)}\n`.repeat(250);
    for (; given < 80; given++) yield chunk;
  }
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const ingestion = ingest(malformed(), { format: 'ndjson', thread: 'caller', rejects: () => held });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  // 8 MiB of lines, and what is on its way.
  expect(given).toBeLessThan(50);
  release();
  expect(await ingestion).toMatchObject({ malformed: 20_000, committedOffset: 20_000_000 });
});
