// CSV with a header row: each row becomes a JSON object of strings.
import { isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { type Parser, parse } from 'csv-parse';
import { ConfigError } from '../../errors';
import type { ProducerRecord } from '../../intake/record';
import { CsvInput } from './csv-input';
import { type RowPlace, RowPlaces } from './csv-places';
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
  openAtEnd: boolean;
  info: { bytes: number };
}

/** A row that opens a quote and never closes it would otherwise gather the rest of the input in memory. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;
const NOT_ASCII = /[\u0080-\u00ff]/;

export function readCsv(template: RecordTemplate, options: CsvOptions): BatchReader {
  return async function* (chunks) {
    const places = new RowPlaces();
    const input = new CsvInput();
    const parser: Parser = parse({
      columns:
        options.columns === undefined
          ? (first: string[]) => {
              const { bytes, empty_lines: blankLines } = parser.info;
              places.passHeader(first, blankLines, input.markBytes + bytes);
              // An unfinished one is none, and no rows follow.
              return input.failure ? first : checkHeader(first.map(headerCell), options);
            }
          : checkHeader([...options.columns], options),
      // A character a byte, so that rows are handed back as they were, even if they are not UTF-8.
      encoding: 'latin1',
      info: true,
      raw: true,
      max_record_size: MAX_ROW_BYTES,
      record_delimiter: ['\r\n', '\n', '\r'],
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
        const openAtEnd = error?.code === 'CSV_QUOTE_NOT_CLOSED';
        const bytes = openAtEnd
          ? input.end - input.markBytes
          : ((error ?? parser.info) as { bytes: number }).bytes;
        parser.push({ raw: raw ?? '', problem, openAtEnd, info: { bytes } } satisfies UnreadableRow);
        return undefined;
      },
    });
    // What makes the parser fail destroys it, and the loop below throws it.
    pipeline(Readable.from(input.feed(chunks), { objectMode: false }), parser, () => {});
    let batch = new CsvBatch(template, options);
    for await (const row of parser as AsyncIterable<ParsedRow | UnreadableRow>) {
      if (input.failure && isUnfinished(row)) break;
      const place = places.locate(row.raw, input.markBytes + row.info.bytes);
      if ('problem' in row) batch.reject(place, `not a CSV row: ${row.problem}`);
      else batch.add(row.record, place);
      // What a chunk held goes out as a short batch: a slow input's rows must not wait for more.
      if (batch.size < RECORDS_PER_BATCH && parser.readableLength > 0) continue;
      const full = batch;
      batch = new CsvBatch(template, options);
      yield full;
    }
    if (batch.size > 0) yield batch;
    if (input.failure) throw input.failure.error;
  };
}

/** Of rows that end with the input: only a line ending shows that nothing more would have come. */
function isUnfinished(row: ParsedRow | UnreadableRow): boolean {
  return ('problem' in row && row.openAtEnd) || !/[\r\n]$/.test(row.raw);
}

function headerCell(cell: string): string {
  const name = fromUtf8(cell);
  if (name === undefined) throw new ConfigError('CSV header: not UTF-8, which is what is expected');
  return name;
}

/** Text of which each character stands for a byte. Undefined when the bytes are not UTF-8. */
function fromUtf8(bytes: string): string | undefined {
  if (!NOT_ASCII.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString() : undefined;
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

  get size(): number {
    return this.records.length + this.malformed.length;
  }

  add(row: ParsedRow['record'], place: RowPlace): void {
    this.endOffset = place.end;
    for (const [column, cell] of NOT_ASCII.test(place.original) ? Object.entries(row) : []) {
      const text = fromUtf8(cell);
      if (text === undefined) {
        this.reject(place, `not UTF-8: column ${column}`);
        return;
      }
      row[column] = text;
    }
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
    this.malformed.push({ lineNumber, offset, original: Buffer.from(original, 'latin1'), reason });
  }

  original(index: number): Buffer {
    return Buffer.from(this.originals[index], 'latin1');
  }
}
