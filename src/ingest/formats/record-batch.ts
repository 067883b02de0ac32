// What every format reader yields: records for one call, and where each came from.
import type { Headers, ProducerRecord } from '../../intake/record';

export interface MalformedLine {
  lineNumber: number;
  offset: number;
  reason: string;
  /** As it stood in the input, without line ending. */
  original: Buffer;
}

export interface RecordBatch {
  readonly records: ProducerRecord[];
  /** Of each record, by index: its line, and the offset at which that begins. */
  readonly lineNumbers: number[];
  readonly offsets: number[];
  readonly malformed: MalformedLine[];
  readonly skipped: number;
  /** Bytes of the values: what throughput is told in. */
  readonly bytes: number;
  /** The offset behind what the batch was made of. */
  readonly endOffset: number;
  /** The record's line as it stood in the input, without line ending. */
  original(index: number): Buffer;
}

/** What all records of a run have in common. */
export interface RecordTemplate {
  topic: string;
  partition?: number;
  headers?: Headers;
}

/** Offsets are counted from the first byte of the chunks. */
export type BatchReader = (chunks: AsyncIterable<Buffer>) => AsyncIterable<RecordBatch>;

export const RECORDS_PER_BATCH = 1_000;
