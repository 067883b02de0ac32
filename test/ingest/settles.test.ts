// An ingestion settles, whatever the caller's functions, its source and its module do; and leaves nothing open.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IngestError, type IngestOptions, type IngestReport, type IngestSource } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { endOffsets } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

const PARSERS = join(__dirname, 'parsers.cjs');

let cluster: EmbeddedCluster;
let topics = 0;
beforeAll(async () => {
  cluster = await EmbeddedCluster.start();
});
afterAll(() => cluster.close());

async function failure(ingestion: Promise<IngestReport>): Promise<IngestError> {
  const error = await ingestion.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(IngestError);
  return error;
}

function start(source: IngestSource, options: Omit<IngestOptions, 'topic'>) {
  const topic = `settles-${topics++}`;
  cluster.createTopic(topic, 1);
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
  return { topic, producer, ingestion: producer.ingest(source, { topic, ...options }) };
}

/** A source that gives some lines and then nothing, for good. */
async function* waitingSource() {
  yield 'one\ntwo\n';
  await new Promise(() => {});
}

const oops = new Error('oops');
const throws = () => {
  throw oops;
};

describe.each(['worker', 'caller'] as const)('in the thread of the %s', (thread) => {
  const lines = { format: 'lines', thread } as const;

  it.each<[string, Omit<IngestOptions, 'topic'>, string]>([
    ['onProgress at once', { ...lines, onProgress: throws }, 'onProgress failed: oops'],
    [
      'onProgress at the first delivery',
      { ...lines, onProgress: ({ delivered }) => void (delivered > 0 && throws()) },
      'onProgress failed: oops',
    ],
    ['a promise of onProgress', { ...lines, onProgress: async () => throws() }, 'onProgress failed: oops'],
    ['onHeader', { format: 'csv', thread, onHeader: throws }, 'onHeader failed: oops'],
    ['rejects', { format: 'ndjson', thread, rejects: throws }, 'oops'],
  ])('what %s throws ends it, although the source goes on waiting', async (_, options, message) => {
    const { producer, ingestion } = start(waitingSource(), options);
    const error = await failure(ingestion);
    expect(error).toMatchObject({ message, code: 'INGEST_FAILED', cause: oops });
    expect(await producer.close()).toMatchObject({ failed: 0, unsent: 0 });
  });

  it('a signal ends the wait for a topic that is looked up: nothing was read so far', async () => {
    const producer = openProducer({ bootstrapServers: '127.0.0.1:1' });
    const controller = new AbortController();
    const { signal } = controller;
    const chunks = Array.from({ length: 100 }, (_, i) => `${i}\n`);
    const ingestion = producer.ingest(chunks, { topic: 'unknown', ...lines, signal });
    // Long enough for the thread to be waiting, mostly; whenever the signal comes, it ends.
    await sleep(500);
    controller.abort();
    expect(await ingestion).toMatchObject({ records: 0, delivered: 0, committedOffset: 0 });
  });

  it.each(['lines', 'csv'] as const)('onProgress may send: %s', async (format) => {
    const topic = `settles-${topics++}`;
    cluster.createTopic(topic, 1);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.partitionsFor('sent-meanwhile');
    const sent: Promise<unknown>[] = [];
    const onProgress = () => {
      if (sent.length >= 8) return;
      sent.push(producer.send({ topic: 'sent-meanwhile', value: 'single' }));
      sent.push(producer.sendBatch([{ topic: 'sent-meanwhile', value: 'batch' }]));
    };
    const report = await producer.ingest(['a,b\n1,2\n', '3,4\n'], { topic, format, thread, onProgress });
    expect(report.delivered).toBe(report.records);
    expect(sent.length).toBeGreaterThan(0);
    await Promise.all(sent);
    await producer.flush();
    expect(producer.metrics()).toMatchObject({ outstandingRecords: 0, bufferedBytes: 0 });
  });

  it('what was read before a listener failed is delivered, and told', async () => {
    let told = 0;
    const { topic, ingestion } = start(waitingSource(), {
      ...lines,
      onProgress: () => {
        told++;
        throws();
      },
    });
    const { report } = await failure(ingestion);
    expect(report).toMatchObject({ delivered: 2, committedOffset: 8 });
    expect(await endOffsets(cluster.bootstrapServers, topic)).toEqual([2n]);
    expect(told).toBe(1);
  });

  it('ends a stream that waits for input', async () => {
    const source = new Readable({ read() {} });
    source.push('one\n');
    const { ingestion } = start(source, { ...lines, onProgress: throws });
    await failure(ingestion);
    expect(source.destroyed).toBe(true);
  });

  it('leaves a stream open that is given by an iterator which does', async () => {
    const source = new Readable({ read() {} });
    source.push('one\n');
    const { ingestion } = start(source.iterator({ destroyOnReturn: false }), {
      ...lines,
      onProgress: throws,
    });
    await failure(ingestion);
    expect(source.destroyed).toBe(false);
  });

  it('stops when told to, although the source goes on waiting', async () => {
    const controller = new AbortController();
    const { ingestion } = start(waitingSource(), {
      ...lines,
      signal: controller.signal,
      onProgress: ({ delivered }) => void (delivered === 2 && controller.abort()),
    });
    expect(await ingestion).toMatchObject({ delivered: 2, committedOffset: 8 });
  });

  it('ends when the producer closes, although the source goes on waiting', async () => {
    let sent = () => {};
    const delivered = new Promise<void>((resolve) => {
      sent = resolve;
    });
    const { producer, ingestion } = start(waitingSource(), {
      ...lines,
      onProgress: (report) => void (report.delivered === 2 && sent()),
    });
    const ended = failure(ingestion);
    await delivered;
    await producer.close();
    expect(await ended).toMatchObject({
      code: 'PRODUCER_CLOSED',
      report: { delivered: 2, committedOffset: 8 },
    });
  });

  it.each([
    ['is never done with a line', 'never'],
    ['is never made', 'neverMade'],
  ])('ends when the producer closes, although the parser %s', async (_, name) => {
    const { producer, ingestion } = start(['a\n'], { format: { module: PARSERS, export: name }, thread });
    const ended = failure(ingestion);
    await producer.close({ timeoutMs: 500 });
    expect(await ended).toMatchObject({
      code: 'PRODUCER_CLOSED',
      report: { records: 0, committedOffset: 0 },
    });
  });

  it('ends when the producer closes, although rejects never settles', async () => {
    let asked = () => {};
    const rejecting = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { producer, ingestion } = start(['{}\nbad\n{}\n'], {
      format: 'ndjson',
      thread,
      rejects: () => {
        asked();
        return new Promise(() => {});
      },
    });
    const ended = failure(ingestion);
    await rejecting;
    await producer.close({ timeoutMs: 500 });
    const { code, message, report } = await ended;
    expect([code, message]).toEqual([
      'PRODUCER_CLOSED',
      'the producer is closed, and rejects has not settled',
    ]);
    expect(report).toMatchObject({ delivered: 2, malformed: 1, committedOffset: 0 });
  });

  it('close waits for rejects that go on, however many', async () => {
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));
    let taken = 0;
    const { producer, ingestion } = start(['bad\n'.repeat(20)], {
      format: 'ndjson',
      thread,
      rejects: async () => {
        await slow();
        taken++;
      },
    });
    while (taken === 0) await slow();
    await producer.close({ timeoutMs: 0 });
    expect(taken).toBe(20);
    // All had been read when the producer closed.
    expect(await ingestion).toMatchObject({ malformed: 20, committedOffset: 80 });
  });
});

it('close ends a thread whose module loops for ever, and the process ends', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(__dirname, 'looping-parser.cjs'), cluster.bootstrapServers],
    { encoding: 'utf8', timeout: 25_000 },
  );
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: "PRODUCER_CLOSED the producer is closed, and the ingestion's thread does not answer\n",
    stderr: '',
  });
});

it('a timer that a module leaves behind holds nobody', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(__dirname, 'looping-parser.cjs'), cluster.bootstrapServers, 'leavesTimer'],
    { encoding: 'utf8', timeout: 25_000 },
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'delivered 1\n' });
});
