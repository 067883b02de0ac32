// Ways of writing in which other threads do the sending.
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { type BytesLike, type IngestReport, Producer, type ProducerOptions, type Workers } from '../../src';
import { type ChaosRecord, plain, settleBatch } from './chaos-record';
import type { OpenWriter } from './writers';

const THREADS = 2;

/** The threads of the pool. */
export class PoolWriter implements OpenWriter {
  private readonly producer: Producer;
  private readonly workers: Workers<BytesLike, BytesLike>;

  constructor(options: ProducerOptions) {
    this.producer = new Producer(options);
    this.workers = this.producer.workers<BytesLike, BytesLike>({
      module: join(__dirname, '../workers/modules.cjs'),
      export: 'plain',
      mode: 'pool',
      threads: THREADS,
    });
  }

  write(records: readonly ChaosRecord[]): Promise<void> {
    return settleBatch(records, this.workers.sendBatch(records[0].topic, records.map(plain)));
  }

  async close(): Promise<void> {
    await this.workers.close();
    await this.producer.close();
  }
}

/** What a thread is told of a batch: `failures` and their `persisted` by index. */
interface Answer {
  id: number;
  partitions: Int32Array;
  offsets: BigInt64Array;
  failures: Map<number, 'no' | 'possibly'>;
}

/** Threads of one's own, attached to one producer: a key always goes to the same. */
export class AttachedWriter implements OpenWriter {
  private readonly producer: Producer;
  private readonly threads: Worker[];
  private readonly asked = new Map<number, (answer: Answer) => void>();
  private nextId = 0;

  constructor(options: ProducerOptions) {
    this.producer = new Producer(options);
    this.threads = Array.from({ length: THREADS }, () => {
      const workerData = { handle: this.producer.share() };
      const thread = new Worker(join(__dirname, 'attached-sender.cjs'), { workerData });
      thread.on('message', (answer: Answer) => this.asked.get(answer.id)?.(answer));
      return thread;
    });
  }

  async write(records: readonly ChaosRecord[]): Promise<void> {
    await Promise.all(
      this.threads.map((thread, i) =>
        this.writeThrough(
          thread,
          records.filter(({ key }) => key.charCodeAt(key.length - 1) % THREADS === i),
        ),
      ),
    );
  }

  async close(): Promise<void> {
    const ended = this.threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)));
    for (const thread of this.threads) thread.postMessage('close');
    await Promise.all(ended);
    await this.producer.close();
  }

  private async writeThrough(thread: Worker, records: readonly ChaosRecord[]): Promise<void> {
    if (records.length === 0) return;
    const id = this.nextId++;
    const answered = new Promise<Answer>((resolve) => this.asked.set(id, resolve));
    thread.postMessage({ id, records: records.map(plain) });
    const { partitions, offsets, failures } = await answered;
    this.asked.delete(id);
    records.forEach(({ settle }, i) => {
      const persisted = failures.get(i);
      if (persisted === undefined) settle('acknowledged', { partition: partitions[i], offset: offsets[i] });
      else settle(persisted === 'no' ? 'failed' : 'unsure');
    });
  }
}

/** A record on its way: where its line begins and ends in the source. */
interface OpenLine {
  start: number;
  end: number;
  settle(outcome: 'acknowledged' | 'failed' | 'unsure'): void;
}

/** One ingestion of a source that does not end: what it has committed is delivered, unless it was rejected before. */
export class IngestWriter implements OpenWriter {
  private readonly producer: Producer;
  private readonly source = new PassThrough();
  private readonly open: OpenLine[] = [];
  private readonly rejected = new Map<number, 'failed' | 'unsure'>();
  private offset = 0;
  private ingestion: Promise<IngestReport> | undefined;

  constructor(options: ProducerOptions) {
    this.producer = new Producer(options);
  }

  async write(records: readonly ChaosRecord[]): Promise<void> {
    // One that breaks off has broken a promise: it stays unhandled until the writer is closed, and is counted as such.
    this.ingestion ??= this.ingest(records[0].topic);
    await Promise.all(records.map((record) => this.writeLine(record)));
  }

  async close(): Promise<void> {
    this.source.end();
    await this.ingestion;
    await this.producer.close();
  }

  private async ingest(topic: string): Promise<IngestReport> {
    const report = await this.producer.ingest(this.source, {
      topic,
      format: 'ndjson',
      key: 'key',
      rejects: ({ offset, persisted }) => {
        this.rejected.set(offset, persisted === 'no' ? 'failed' : 'unsure');
      },
      onProgress: ({ committedOffset }) => this.settleUpTo(committedOffset),
    });
    this.settleUpTo(report.committedOffset);
    return report;
  }

  private writeLine({ key, value, settle }: ChaosRecord): Promise<void> {
    const line = `${JSON.stringify({ value, key })}\n`;
    const start = this.offset;
    this.offset += line.length;
    this.source.write(line);
    return new Promise((resolve) => {
      this.open.push({
        start,
        end: this.offset,
        settle: (outcome) => {
          settle(outcome);
          resolve();
        },
      });
    });
  }

  private settleUpTo(committedOffset: number): void {
    while (this.open.length > 0 && this.open[0].end <= committedOffset) {
      const { start, settle } = this.open.shift() as OpenLine;
      settle(this.rejected.get(start) ?? 'acknowledged');
      this.rejected.delete(start);
    }
  }
}
