// CSV with a header row: each row becomes a JSON object of strings.
import { pipeline, Readable } from 'node:stream';
import { type Parser, parse } from 'csv-parse';
import { ConfigError } from '../../errors';
import type { ProducerRecord } from '../../intake/record';
import { parseTimestamp } from './fields';
import {
  type BatchReader,
  type MalformedLine,
  RECORDS_PER_BATCH,
  type RecordBatch,
  type RecordTemplate,
} from './record-batch';

export interface CsvOptions {
  /** Columns; where the cell is empty, there is no key or timestamp. */
  key: string | null;
  /** Default: an object of all columns. */
  value: string | null;
  timestamp: string | null;
  /** The columns' names, when the input has no header row. */
  columns?: readonly string[];
  /** Called once, with the header row as text, before any batch. */
  onHeader?: (header: string) => void;
}

/** What csv-parse hands over for each row with the options below. */
interface ParsedRow {
  record: Record<string, string>;
  raw: string;
  info: { bytes: number };
}

interface UnreadableRow {
  raw: string;
  problem: string;
  info: { bytes: number };
}

/** A row that opens a quote and never closes it would otherwise gather the rest of the input in memory. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;

export function readCsv(template: RecordTemplate, options: CsvOptions): BatchReader {
  return async function* (chunks) {
    const lines = new RowLines();
    let fed = 0;
    async function* counted(all: AsyncIterable<Buffer>) {
      for await (const chunk of all) {
        fed += chunk.length;
        yield chunk;
      }
    }
    const parser: Parser = parse({
      bom: true,
      columns:
        options.columns === undefined
          ? (first: string[]) => {
              lines.pass(first.join());
              lines.pass('\n');
              lines.passBytes(parser.info.bytes);
              return checkHeader(first, options);
            }
          : checkHeader([...options.columns], options),
      info: true,
      raw: true,
      max_record_size: MAX_ROW_BYTES,
      record_delimiter: ['\r\n', '\n'],
      // A quote within an unquoted cell is text: as an error, csv-parse would lose the rest of that line.
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      // Bad rows travel among the good ones, so that they too are handed on as they come.
      on_skip: (error, raw) => {
        // csv-parse would go on, a byte of each chunk at a time, and lose the rest.
        if (error?.code === 'CSV_MAX_RECORD_SIZE') throw error;
        const { message: problem = 'unreadable' } = error ?? {};
        // A quote that is open at the end of the input has taken in all of it.
        const atEnd = error?.code === 'CSV_QUOTE_NOT_CLOSED';
        const bytes = atEnd ? fed : ((error ?? parser.info) as { bytes: number }).bytes;
        parser.push({ raw: raw ?? '', problem, info: { bytes } } satisfies UnreadableRow);
        return undefined;
      },
    });
    // A failing input destroys the parser with its error, and the loop below throws it.
    pipeline(Readable.from(counted(chunks), { objectMode: false }), parser, () => {});
    let batch = new CsvBatch(template, options);
    for await (const row of parser as AsyncIterable<ParsedRow | UnreadableRow>) {
      const place = lines.locate(row.raw, row.info.bytes);
      if ('problem' in row) batch.reject(place, `not a CSV row: ${row.problem}`);
      else batch.add(row.record, place);
      // What a chunk held goes out as a short batch: a slow input's rows must not wait for more.
      if (batch.records.length + batch.malformed.length < RECORDS_PER_BATCH && parser.readableLength > 0)
        continue;
      const full = batch;
      batch = new CsvBatch(template, options);
      yield full;
    }
  };
}

function checkHeader(header: string[], { key, value, timestamp, onHeader }: CsvOptions): string[] {
  const repeated = header.find((name, index) => header.indexOf(name) !== index);
  if (repeated !== undefined) throw new ConfigError(`CSV header: column ${repeated} is there twice`);
  const missing = [key, value, timestamp].find((column) => column !== null && !header.includes(column));
  if (missing !== undefined) {
    throw new ConfigError(`CSV header: no column ${missing} among ${header.join(', ')}`);
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
  readonly offsets: number[] = [];
  readonly malformed: MalformedLine[] = [];
  readonly skipped = 0;
  bytes = 0;
  endOffset = 0;
  private readonly originals: string[] = [];

  constructor(
    private readonly template: RecordTemplate,
    private readonly options: CsvOptions,
  ) {}

  add(row: ParsedRow['record'], place: RowPlace): void {
    this.endOffset = place.end;
    const { timestamp: timeColumn, key: keyColumn, value: valueColumn } = this.options;
    let timestamp: number | undefined;
    try {
      timestamp = timeColumn === null ? undefined : parseTimestamp(timeColumn, row[timeColumn]);
    } catch (error) {
      this.reject(place, (error as Error).message);
      return;
    }
    const key = keyColumn === null ? null : row[keyColumn] || null;
    const value = Buffer.from(valueColumn === null ? JSON.stringify(row) : row[valueColumn]);
    this.records.push({ ...this.template, key, value, timestamp });
    this.lineNumbers.push(place.lineNumber);
    this.offsets.push(place.offset);
    this.originals.push(place.original);
    this.bytes += value.length;
  }

  reject({ lineNumber, offset, original, end }: RowPlace, reason: string): void {
    this.endOffset = end;
    this.malformed.push({ lineNumber, offset, original, reason });
  }

  original(index: number): string {
    return this.originals[index];
  }
}

interface RowPlace {
  lineNumber: number;
  /** Where it begins: behind the row before it. */
  offset: number;
  end: number;
  /** The row as it stood in the input, without line ending. */
  original: string;
}

/**
 * Finds out on which line each row begins, rows being told in their order. csv-parse has a line count too, but takes
 * a \r\n within quotes for two lines.
 */
class RowLines {
  private line = 1;
  private offset = 0;

  pass(raw: string): void {
    for (const _ of raw.matchAll(/\r\n|\r|\n/g)) this.line++;
  }

  passBytes(end: number): void {
    this.offset = end;
  }

  /** csv-parse's text of a row begins with the blank lines before it, and ends with all or half of its line ending. */
  locate(raw: string, end: number): RowPlace {
    const blankLines = /^[\r\n]*/.exec(raw)![0];
    this.pass(blankLines);
    const lineNumber = this.line;
    const row = raw.slice(blankLines.length);
    this.pass(row);
    const begin = this.offset;
    this.passBytes(end);
    return { lineNumber, offset: begin, end, original: row.replace(/[\r\n]+$/, '') };
  }
}
