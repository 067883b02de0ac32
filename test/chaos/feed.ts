// Keeps a writer busy at a steady rate, whatever becomes of its records, so that a drop in acknowledgements is the
// cluster's or the client's doing and never the writer's.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosRecord } from './chaos-record';
import type { Random } from './random';
import type { AckRate } from './rate';
import type { WriteLog } from './write-log';
import type { OpenWriter } from './writers';

const TICK_MS = 20;
/** With this many seconds' worth of records open, a writer pauses. */
const MOST_SECONDS_OPEN = 20;
/** How late a settlement may be: librdkafka looks for expired records once a second. */
const GRACE_PART = 0.1;
const GRACE_MS = 2_000;

export interface FeedOptions {
  writer: OpenWriter;
  topic: string;
  keys: readonly string[];
  log: WriteLog;
  recordsPerSecond: number;
  /** The longest that a record's promise may take. */
  promisedMs: number;
  /** Where its acknowledgements are measured. */
  rate?: AckRate;
}

/** What a record's value says of it, and as many more characters as make it worth sending. */
export function valueFor(sequence: number): string {
  return String(sequence).padEnd(100, '.');
}

/** NaN for a value that is not whole. What was a line is stored as the line, JSON around its value. */
export function sequenceOf(value: string): number {
  const text = value.match(/^\{"value":"(.*)","key":"[^"]*"\}$/)?.[1] ?? value;
  return text.length >= 100 && /^\d+\.*$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
}

export class Feed {
  private readonly writes = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private readonly deadlineMs: number;
  private open = 0;
  private due = 0;
  private last = performance.now();

  /** Begins to write. */
  constructor(
    private readonly options: FeedOptions,
    private readonly random: Random,
  ) {
    this.deadlineMs = options.promisedMs * (1 + GRACE_PART) + GRACE_MS;
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Writes no more. Resolves when every write has been answered, or should have been. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    const over = new AbortController();
    const deadline = sleep(this.deadlineMs, undefined, { signal: over.signal }).catch(() => {});
    // Promises that stay open are the checker's to report: they must not hang the run.
    await Promise.race([Promise.all(this.writes), deadline]);
    over.abort();
  }

  private tick(): void {
    const { recordsPerSecond, writer } = this.options;
    const now = performance.now();
    // A late tick makes up for what it missed, within reason.
    this.due += Math.min((now - this.last) / 1_000, 0.2) * recordsPerSecond;
    this.last = now;
    if (this.open > MOST_SECONDS_OPEN * recordsPerSecond) this.due = 0;
    const count = Math.floor(this.due);
    if (count === 0) return;
    this.due -= count;
    const write = writer.write(Array.from({ length: count }, () => this.nextRecord()));
    this.writes.add(write);
    // A write that rejects is one that its promise said nothing about: it stays unhandled, and is counted as such.
    void write.finally(() => this.writes.delete(write));
  }

  private nextRecord(): ChaosRecord {
    const { topic, keys, log, rate } = this.options;
    const key = this.random.pick(keys);
    const sequence = log.send(key, this.deadlineMs);
    this.open++;
    rate?.countSent();
    return {
      topic,
      key,
      value: valueFor(sequence),
      settle: (outcome, position) => {
        this.open--;
        log.settle(key, sequence, outcome, position);
        rate?.countSettled(outcome === 'acknowledged');
      },
    };
  }
}
