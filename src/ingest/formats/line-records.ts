// The formats in which one line is one record: NDJSON, plain lines, and what a module makes of lines.
import { describeValue, messageOf } from '../../errors';
import type { ProducerRecord } from '../../intake/record';
import { isPlainField } from '../../intake/record';
import type { LineParser } from '../ingest-options';
import { KeyError } from '../key-path';
import { LineCursor, runsOfLines } from '../line-splitter';
import { FieldError, type FieldPaths, type Fields, fieldsOf } from './fields';
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
  return (chunks) =>
    readRuns(chunks, (cursor, batch) => batch.add({ ...template, key: null, value: cursor.line() }, cursor));
}

/** Every line must be JSON; blank lines are skipped. */
export function readNdjson(template: RecordTemplate, paths: FieldPaths): BatchReader {
  return (chunks) =>
    readRuns(chunks, (cursor, batch) => {
      try {
        const fields = readJsonLine(cursor, batch.nextLineNumber, paths);
        if (fields === null) return batch.skip();
        const { key, timestamp, value = cursor.line() } = fields;
        batch.add({ ...template, key, value, timestamp }, cursor);
      } catch (error) {
        batch.reject(cursor, reasonOf(error));
      }
    });
}

/** What the module says of each line. */
export function readWithParser(template: RecordTemplate, parse: LineParser): BatchReader {
  return (chunks) =>
    readRuns(chunks, async (cursor, batch) => {
      try {
        const parsed = await parse(cursor.line(), batch.nextLineNumber);
        if (parsed === null) return batch.skip();
        if (typeof parsed !== 'object') throw new TypeError(`the module returned ${describeValue(parsed)}`);
        const { value = cursor.line(), headers = template.headers, partition = template.partition } = parsed;
        const { key, timestamp } = parsed;
        for (const [field, bytes] of Object.entries({ key, value })) {
          if (isPlainField(bytes)) continue;
          const got = describeValue(bytes);
          throw new TypeError(`the module's ${field} must be a string, Uint8Array or null, got ${got}`);
        }
        batch.add({ topic: template.topic, key, value, timestamp, headers, partition }, cursor);
      } catch (error) {
        batch.reject(cursor, reasonOf(error));
      }
    });
}

/** null: a blank line. A byte order mark before the first line is passed over. @throws what `reasonOf` words */
export function readJsonLine(cursor: LineCursor, lineNumber: number, paths: FieldPaths): Fields | null {
  if (lineNumber === 1 && cursor.text.startsWith(BYTE_ORDER_MARK, cursor.start)) {
    cursor.start += BYTE_ORDER_MARK.length;
  }
  if (/^[ \t\r]*$/.test(cursor.text.slice(cursor.start, cursor.end))) return null;
  const line = cursor.text.slice(cursor.start, cursor.end);
  // JSON is as valid in Latin-1 as in UTF-8: only within strings do the characters differ.
  const data = parseJson(line, cursor);
  const { key, value, timestamp } = paths;
  const isAscii = (key?.isAscii ?? true) && (timestamp?.isAscii ?? true) && value === null;
  if (isAscii) {
    const fields = fieldsOf(data, paths);
    // An ASCII key came from ASCII bytes (or escapes); any other is right only when the line is read as UTF-8.
    if (fields.key === null || !NOT_ASCII.test(fields.key)) return fields;
  }
  return fieldsOf(parseJson(cursor.line().toString('utf8'), cursor), paths);
}

function parseJson(line: string, cursor: LineCursor): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Once more as UTF-8, so that the message quotes the line as people see it.
    return JSON.parse(cursor.line().toString('utf8'));
  }
}

/** What makes a line malformed. */
export function reasonOf(error: unknown): string {
  if (error instanceof KeyError || error instanceof FieldError) return error.message;
  if (error instanceof SyntaxError) return `not JSON: ${error.message}`;
  return messageOf(error);
}

type AddLine = (cursor: LineCursor, batch: LineBatch) => void | Promise<void>;

async function* readRuns(chunks: AsyncIterable<Buffer>, addLine: AddLine): AsyncGenerator<RecordBatch> {
  let lineNumber = 1;
  let runOffset = 0;
  for await (const run of runsOfLines(chunks)) {
    const cursor = new LineCursor(run);
    // What is left of a run goes out as a short batch: a slow input's lines must not wait for more.
    for (let more = cursor.advance(); more; ) {
      const batch = new LineBatch(lineNumber, runOffset);
      do {
        const adding = addLine(cursor, batch);
        if (adding !== undefined) await adding;
        batch.nextLineNumber++;
        batch.endOffset = runOffset + cursor.lineEnd;
        more = cursor.advance();
      } while (
        more &&
        batch.records.length < RECORDS_PER_BATCH &&
        batch.malformed.length < RECORDS_PER_BATCH
      );
      lineNumber = batch.nextLineNumber;
      yield batch;
    }
    runOffset += run.length;
  }
}

class LineBatch implements RecordBatch {
  readonly records: ProducerRecord[] = [];
  readonly lineNumbers: number[] = [];
  readonly offsets: number[] = [];
  readonly malformed: MalformedLine[] = [];
  readonly #lines: Buffer[] = [];
  skipped = 0;
  bytes = 0;
  endOffset = 0;

  constructor(
    public nextLineNumber: number,
    private readonly runOffset: number,
  ) {}

  add(record: ProducerRecord, cursor: LineCursor): void {
    this.records.push(record);
    this.lineNumbers.push(this.nextLineNumber);
    this.offsets.push(this.runOffset + cursor.lineStart);
    this.#lines.push(cursor.line());
    this.bytes += sizeOf(record.value);
  }

  reject(cursor: LineCursor, reason: string): void {
    const { nextLineNumber: lineNumber, runOffset } = this;
    this.malformed.push({
      lineNumber,
      offset: runOffset + cursor.lineStart,
      reason,
      original: cursor.line(),
    });
  }

  skip(): void {
    this.skipped++;
  }

  original(index: number): Buffer {
    return this.#lines[index];
  }
}

/** Bytes of a value. */
export function sizeOf(value: ProducerRecord['value']): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}
