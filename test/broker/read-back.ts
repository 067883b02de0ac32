// Reads a topic through KafkaJS, as a witness that shares no code with the producer under test.
import { randomUUID } from 'node:crypto';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { kafkaJs } from './kafkajs-client';
import { type OffsetRange, offsetRanges } from './topics';

const DEFAULT_TIMEOUT_MS = 30_000;
const MIB = 1024 * 1024;

export interface ReadRecord {
  partition: number;
  offset: bigint;
  key: Buffer | null;
  value: Buffer | null;
  /** Repeated names are kept, but KafkaJS moves them next to each other and names like "7" to the front. */
  headers: [name: string, value: Buffer | null][];
  timestamp: number;
}

export interface ReadOptions {
  /**
   * Reads until there are at least this many, even past the end that the topic had when reading began. It is needed
   * for records of a transaction that was just committed: readers see them only after a moment.
   */
  expectedCount?: number;
  /** Longest wait without any progress. */
  timeoutMs?: number;
}

/** Every record of a topic, sorted by partition, then offset. */
export async function readBack(brokers: string, topic: string, options?: ReadOptions): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  await forEachRecord(brokers, topic, (record) => records.push(record), options);
  // Within a partition they came in the order of their offsets, and sorting is stable.
  return records.sort((a, b) => a.partition - b.partition);
}

/**
 * Hands over every record from the beginning to the end that the topic has now, one partition's records in the order
 * of their offsets, and keeps none. Returns how many there were.
 */
export async function forEachRecord(
  brokers: string,
  topic: string,
  onRecord: (record: ReadRecord) => void,
  options: ReadOptions = {},
): Promise<number> {
  const { expectedCount, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const reading = new Reading(await offsetRanges(brokers, topic), onRecord, expectedCount);
  if (reading.isComplete()) return 0;

  const consumer = kafkaJs(brokers).consumer({
    groupId: `read-back-${randomUUID()}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: 4 * MIB,
  });
  const { promise, resolve, reject } = promiseWithResolvers();
  const timer = setTimeout(
    () => reject(new Error(`${reading.describe(topic)} after ${timeoutMs} ms`)),
    timeoutMs,
  );
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(payload.error);
  });
  // Unlike eachBatch, this also tells of batches in which there was nothing but transaction markers.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    timer.refresh();
    reading.passed(payload.partition, BigInt(payload.lastOffset));
    if (!reading.isComplete()) return;
    reading.stop();
    resolve();
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        try {
          for (const message of batch.messages) reading.receive(batch.partition, message);
        } catch (error) {
          reading.stop();
          reject(error);
        }
      },
    });
    await promise;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
  return reading.count;
}

class Reading {
  count = 0;
  private readonly next: bigint[];
  private stopped = false;

  constructor(
    private readonly ranges: readonly OffsetRange[],
    private readonly onRecord: (record: ReadRecord) => void,
    private readonly expectedCount: number | undefined,
  ) {
    this.next = ranges.map(({ start }) => start);
  }

  receive(partition: number, message: KafkaMessage): void {
    const offset = BigInt(message.offset);
    if (this.stopped) return;
    // A consumer that had to join its group again begins again, as it commits nothing.
    if (offset < this.next[partition]) return;
    // A partition may also be new.
    const end = this.ranges.at(partition)?.end ?? 0n;
    if (this.expectedCount === undefined && offset >= end) return;
    this.next[partition] = offset + 1n;
    this.count++;
    this.onRecord({
      partition,
      offset,
      key: message.key,
      value: message.value,
      headers: headerPairs(message.headers ?? {}),
      timestamp: Number(message.timestamp),
    });
  }

  passed(partition: number, lastOffset: bigint): void {
    if (lastOffset >= this.next[partition]) this.next[partition] = lastOffset + 1n;
  }

  /** KafkaJS goes on handing over records until it is disconnected. */
  stop(): void {
    this.stopped = true;
  }

  isComplete(): boolean {
    if (this.count < (this.expectedCount ?? 0)) return false;
    return this.ranges.every(({ end }, partition) => this.next[partition] >= end);
  }

  describe(topic: string): string {
    const positions = this.ranges.map(
      ({ end }, partition) => `${partition}: ${this.next[partition]} of ${end}`,
    );
    const expected = this.expectedCount === undefined ? '' : ` of ${this.expectedCount}`;
    return `Reading ${topic} stopped at ${this.count}${expected} records (offset by partition ${positions.join(', ')})`;
  }
}

function headerPairs(headers: IHeaders): [string, Buffer | null][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    headerValues(values).map((value): [string, Buffer | null] => [name, value]),
  );
}

function headerValues(values: unknown): (Buffer | null)[] {
  // For a name such as "toString", KafkaJS puts what every object inherits before the real values.
  return [values].flat().filter((value) => value === null || Buffer.isBuffer(value));
}

function promiseWithResolvers() {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // It may be rejected before it is awaited.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
