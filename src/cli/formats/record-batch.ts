// What every format reader yields: records for one call, and where each came from.
import type { Headers, ProducerRecord } from '../../index';

export interface MalformedLine {
  lineNumber: number;
  reason: string;
  /** As it stood in the input, without line ending. */
  original: Buffer | string;
}

export interface RecordBatch {
  readonly records: ProducerRecord[];
  /** Of each record, by index. */
  readonly lineNumbers: number[];
  readonly malformed: MalformedLine[];
  readonly skipped: number;
  /** Bytes of the values: what throughput is told in. */
  readonly bytes: number;
  /** The record's line as it stood in the input, without line ending. */
  original(index: number): Buffer | string;
}

/** What all records of a run have in common. */
export interface RecordTemplate {
  topic: string;
  partition?: number;
  headers?: Headers;
}

export type BatchReader = (chunks: AsyncIterable<Buffer>) => AsyncIterable<RecordBatch>;

export const RECORDS_PER_BATCH = 1_000;
