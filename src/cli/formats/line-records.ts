// The formats in which one line is one value, byte for byte: NDJSON and plain lines.
import type { ProducerRecord } from '../../index';
import { KeyError, type KeyPath } from '../key-path';
import { LineCursor, runsOfLines } from '../line-splitter';
import {
  type BatchReader,
  type MalformedLine,
  RECORDS_PER_BATCH,
  type RecordBatch,
  type RecordTemplate,
} from './record-batch';

const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const NOT_ASCII = /[\u0080-\uffff]/;

/** Every line is a record without key, empty lines included. */
export function readLines(template: RecordTemplate): BatchReader {
  return (chunks) => readRuns(chunks, (cursor, batch) => batch.add(template, null, cursor.line()));
}

/** Every line must be JSON and goes out as it stands; the key is taken from it. Blank lines are skipped. */
export function readNdjson(template: RecordTemplate, keyPath: KeyPath | null): BatchReader {
  return (chunks) =>
    readRuns(chunks, (cursor, batch) => {
      if (batch.nextLineNumber === 1 && cursor.text.startsWith(BYTE_ORDER_MARK, cursor.start)) {
        cursor.start += BYTE_ORDER_MARK.length;
      }
      if (cursor.start === cursor.end) return batch.skip();
      try {
        batch.add(template, keyOfLine(cursor, keyPath), cursor.line());
      } catch (error) {
        if (/^[ \t\r]*$/.test(cursor.text.slice(cursor.start, cursor.end))) return batch.skip();
        batch.reject(cursor.line(), reasonOf(error));
      }
    });
}

function keyOfLine(cursor: LineCursor, keyPath: KeyPath | null): string | null {
  // JSON is as valid in Latin-1 as in UTF-8: only within strings do the characters differ.
  const line = cursor.text.slice(cursor.start, cursor.end);
  if (!keyPath) {
    parse(line, cursor);
    return null;
  }
  const key = keyPath.isAscii ? keyPath.keyOf(parse(line, cursor)) : NOT_ASCII_KEY;
  // An ASCII key came from ASCII bytes (or escapes); any other is right only when the line is read as UTF-8.
  if (key === null || !NOT_ASCII.test(key)) return key;
  return keyPath.keyOf(parse(cursor.line().toString('utf8'), cursor));
}

const NOT_ASCII_KEY = '\u0080';

function parse(line: string, cursor: LineCursor): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Once more as UTF-8, so that the message quotes the line as people see it.
    return JSON.parse(cursor.line().toString('utf8'));
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof KeyError) return error.message;
  if (error instanceof SyntaxError) return `not JSON: ${error.message}`;
  throw error;
}

type AddLine = (cursor: LineCursor, batch: LineBatch) => void;

async function* readRuns(chunks: AsyncIterable<Buffer>, addLine: AddLine): AsyncGenerator<RecordBatch> {
  let lineNumber = 1;
  for await (const run of runsOfLines(chunks)) {
    const cursor = new LineCursor(run);
    // What is left of a run goes out as a short batch: a slow input's lines must not wait for more.
    for (let more = cursor.advance(); more; ) {
      const batch = new LineBatch(lineNumber);
      do {
        addLine(cursor, batch);
        batch.nextLineNumber++;
        more = cursor.advance();
      } while (
        more &&
        batch.records.length < RECORDS_PER_BATCH &&
        batch.malformed.length < RECORDS_PER_BATCH
      );
      lineNumber = batch.nextLineNumber;
      yield batch;
    }
  }
}

class LineBatch implements RecordBatch {
  readonly records: ProducerRecord[] = [];
  readonly lineNumbers: number[] = [];
  readonly malformed: MalformedLine[] = [];
  skipped = 0;
  bytes = 0;

  constructor(public nextLineNumber: number) {}

  add(template: RecordTemplate, key: string | null, value: Buffer): void {
    const { topic, partition, headers } = template;
    this.records.push({ topic, key, value, partition, headers });
    this.lineNumbers.push(this.nextLineNumber);
    this.bytes += value.length;
  }

  reject(original: Buffer, reason: string): void {
    this.malformed.push({ lineNumber: this.nextLineNumber, reason, original });
  }

  skip(): void {
    this.skipped++;
  }

  original(index: number): Buffer {
    return this.records[index].value as Buffer;
  }
}
