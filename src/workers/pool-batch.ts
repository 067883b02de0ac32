// One batch divided among the threads of a pool, and their outcomes put together again.
import { type BatchPart, BatchResult } from '../delivery/batch-result';
import { emptyReport, REFUSED } from '../delivery/delivery-report';
import { BatchError, describeValue, messageOf, type RecordError, renumbered } from '../errors';
import type { BatchRecord } from '../intake/record';
import { whyImmovable } from './movable';
import { asRecordError, failureOf, type PoolFailure, staysHere } from './pool-failure';
import type { PartOutcome } from './pool-messages';
import { threadOf } from './thread-of-key';

type AnyRecord = BatchRecord<unknown, unknown>;

export interface PoolPart {
  readonly thread: number;
  readonly records: readonly AnyRecord[];
  /** Of the records in the batch; undefined: they are all of it. */
  readonly indexes: readonly number[] | undefined;
}

export interface DividedBatch {
  readonly count: number;
  readonly parts: readonly PoolPart[];
  /** By index: what is no record at all, or cannot go to another thread. */
  readonly refused: ReadonlyMap<number, PoolFailure>;
  /** Whether there is any of the latter. */
  readonly immovable: boolean;
}

// Records without key or partition need no order among each other: they go along with whoever is next.
let roundRobin = 0;

export function divide(records: readonly AnyRecord[], threads: number): DividedBatch {
  const refused = new Map<number, PoolFailure>();
  const byThread: (number[] | undefined)[] = [];
  const anyThread = roundRobin++ % threads;
  let immovable = false;
  for (let i = 0; i < records.length; i++) {
    let thread: number;
    try {
      const record: unknown = records[i];
      if (record === null || typeof record !== 'object') {
        const message = `the record must be an object, got ${describeValue(record)}`;
        refused.set(i, { code: 'INVALID_RECORD', message, persisted: 'no' });
        continue;
      }
      const { key, value } = record as AnyRecord;
      const why = whyImmovable(key) ?? whyImmovable(value);
      if (why !== undefined) {
        immovable = true;
        refused.set(i, staysHere(why));
        continue;
      }
      thread = threadOf(record as AnyRecord, threads) ?? anyThread;
    } catch (error) {
      const message = `it could not be read: ${messageOf(error)}`;
      refused.set(i, { code: 'INVALID_RECORD', message, persisted: 'no' });
      continue;
    }
    const indexes = byThread[thread] ?? [];
    byThread[thread] = indexes;
    indexes.push(i);
  }
  const parts: PoolPart[] = [];
  byThread.forEach((indexes, thread) => {
    if (indexes === undefined) return;
    if (indexes.length === records.length) parts.push({ thread, records, indexes: undefined });
    else parts.push({ thread, records: indexes.map((index) => records[index]), indexes });
  });
  return { count: records.length, parts, refused, immovable };
}

/** @throws BatchError when some records failed */
export function gather(
  topic: string,
  { count, parts, refused }: DividedBatch,
  outcomes: readonly PromiseSettledResult<PartOutcome>[],
): BatchResult {
  const failures = new Map<number, RecordError>();
  const report = emptyReport(count, 0);
  const { partitions, offsets, timestamps, errors, timestampTypes } = report;
  partitions.fill(-1);
  offsets.fill(-1n);
  timestamps.fill(-1);

  const fail = (index: number, message: string, failure: PoolFailure) => {
    errors[index] = REFUSED;
    const partition = partitions[index] < 0 ? undefined : partitions[index];
    failures.set(index, asRecordError(failure, message, { topic, partition, index }));
  };
  const failHere = (index: number, failure: PoolFailure) =>
    fail(index, `record ${index} for topic ${topic}: ${failure.message}`, failure);

  for (const [index, failure] of refused) failHere(index, failure);
  outcomes.forEach((outcome, p) => {
    const { indexes, records } = parts[p];
    const indexOf = (i: number) => indexes?.[i] ?? i;
    if (outcome.status === 'rejected') {
      for (let i = 0; i < records.length; i++) failHere(indexOf(i), outcome.reason as PoolFailure);
      return;
    }
    const { value } = outcome;
    for (let i = 0; i < records.length; i++) {
      const index = indexOf(i);
      partitions[index] = value.partitions[i];
      offsets[index] = value.offsets[i];
      timestamps[index] = value.timestamps[i];
      timestampTypes[index] = value.timestampTypes[i];
    }
    for (const failed of value.failed) {
      const index = indexOf(failed.index);
      // The thread has named it by its place in the part.
      fail(index, renumbered(failed.message, index), failed);
    }
  });

  const whole: BatchPart[] = count === 0 ? [] : [{ begin: 0, packedAt: 0, report }];
  const result = new BatchResult(count, whole, failures, () => topic);
  if (failures.size === 0) return result;
  throw new BatchError(
    [...failures.values()].sort((a, b) => a.index - b.index),
    result,
  );
}

/** What a batch is told of which nothing could be sent. @throws BatchError, unless it is empty */
export function refuse(topic: string, records: readonly AnyRecord[], reason: unknown): BatchResult {
  const whole: DividedBatch = {
    count: records.length,
    parts: [{ thread: 0, records, indexes: undefined }],
    refused: new Map(),
    immovable: false,
  };
  return gather(topic, whole, [{ status: 'rejected', reason: failureOf(reason) }]);
}
