// CSV with a header row: each row becomes a JSON object of strings.
import { pipeline, Readable } from 'node:stream';
import { type Parser, parse } from 'csv-parse';
import type { ProducerRecord } from '../../index';
import { UsageError } from '../exit';
import {
  type BatchReader,
  type MalformedLine,
  RECORDS_PER_BATCH,
  type RecordBatch,
  type RecordTemplate,
} from './record-batch';

export interface CsvOptions {
  /** The column that holds the key; where its cell is empty, there is none. */
  keyField: string | null;
  /** Called once, with the header row as text, before any batch. */
  onHeader?: (header: string) => void;
}

/** What csv-parse hands over for each row with the options below. */
interface ParsedRow {
  record: Record<string, string>;
  raw: string;
}

interface UnreadableRow {
  raw: string;
  problem: string;
}

/** A row that opens a quote and never closes it would otherwise gather the rest of the input in memory. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;

export function readCsv(template: RecordTemplate, options: CsvOptions): BatchReader {
  return async function* (chunks) {
    const lines = new RowLines();
    const parser: Parser = parse({
      bom: true,
      columns: (header: string[]) => {
        lines.pass(header.join());
        lines.pass('\n');
        return checkHeader(header, options);
      },
      raw: true,
      max_record_size: MAX_ROW_BYTES,
      record_delimiter: ['\r\n', '\n'],
      // A quote within an unquoted cell is text: as an error, csv-parse would lose the rest of that line.
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      // Bad rows travel among the good ones, so that they too are handed on as they come.
      on_skip: (error, raw) => {
        parser.push({ raw: raw ?? '', problem: error?.message ?? 'unreadable' } satisfies UnreadableRow);
        return undefined;
      },
    });
    // A failing input destroys the parser with its error, and the loop below throws it.
    pipeline(Readable.from(chunks, { objectMode: false }), parser, () => {});
    let batch = new CsvBatch();
    for await (const row of parser as AsyncIterable<ParsedRow | UnreadableRow>) {
      const place = lines.locate(row.raw);
      if ('problem' in row) batch.malformed.push({ ...place, reason: `not a CSV row: ${row.problem}` });
      else batch.add(template, row.record, place, options.keyField);
      // What a chunk held goes out as a short batch: a slow input's rows must not wait for more.
      if (batch.records.length + batch.malformed.length < RECORDS_PER_BATCH && parser.readableLength > 0)
        continue;
      const full = batch;
      batch = new CsvBatch();
      yield full;
    }
  };
}

function checkHeader(header: string[], { keyField, onHeader }: CsvOptions): string[] {
  const repeated = header.find((name, index) => header.indexOf(name) !== index);
  if (repeated !== undefined) throw new UsageError(`CSV header: column ${repeated} is there twice`);
  if (keyField !== null && !header.includes(keyField)) {
    throw new UsageError(`CSV header: no column ${keyField} among ${header.join(', ')}`);
  }
  onHeader?.(header.map(quoteCell).join(','));
  return header;
}

function quoteCell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

class CsvBatch implements RecordBatch {
  readonly records: ProducerRecord[] = [];
  readonly lineNumbers: number[] = [];
  readonly malformed: MalformedLine[] = [];
  readonly skipped = 0;
  bytes = 0;
  private readonly originals: string[] = [];

  add(template: RecordTemplate, record: ParsedRow['record'], place: RowPlace, keyField: string | null): void {
    const { topic, partition, headers } = template;
    const key = keyField === null ? null : record[keyField] || null;
    const value = Buffer.from(JSON.stringify(record));
    this.records.push({ topic, key, value, partition, headers });
    this.lineNumbers.push(place.lineNumber);
    this.originals.push(place.original);
    this.bytes += value.length;
  }

  original(index: number): string {
    return this.originals[index];
  }
}

interface RowPlace {
  lineNumber: number;
  /** The row as it stood in the input, without line ending. */
  original: string;
}

/**
 * Finds out on which line each row begins, rows being told in their order. csv-parse has a line count too, but takes
 * a \r\n within quotes for two lines.
 */
class RowLines {
  private line = 1;

  pass(raw: string): void {
    for (const _ of raw.matchAll(/\r\n|\r|\n/g)) this.line++;
  }

  /** csv-parse's text of a row begins with the blank lines before it, and ends with all or half of its line ending. */
  locate(raw: string): RowPlace {
    const blankLines = /^[\r\n]*/.exec(raw)![0];
    this.pass(blankLines);
    const lineNumber = this.line;
    const row = raw.slice(blankLines.length);
    this.pass(row);
    return { lineNumber, original: row.replace(/[\r\n]+$/, '') };
  }
}
