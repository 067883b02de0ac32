// CSV with a header row: each row becomes a JSON object of strings.
import { parse } from 'csv-parse/sync';
import { ConfigError } from '../../errors';
import type { ProducerRecord } from '../../intake/record';
import { CsvColumns, type CsvOptions } from './csv-columns';
import { type RowPlace, RowPlaces } from './csv-places';
import { runsOfRows, UTF_8_MARK } from './csv-rows';
import { parseTimestamp } from './fields';
import {
  type BatchReader,
  type MalformedLine,
  RECORDS_PER_BATCH,
  type RecordBatch,
  type RecordTemplate,
} from './record-batch';

/** A row of a run: where it ends there, and its cells or why it has none. Each character of a cell is a byte. */
interface ParsedRow {
  end: number;
  cells?: string[];
  problem?: string;
}

const UTF_16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

export function readCsv(template: RecordTemplate, options: CsvOptions): BatchReader {
  return async function* (chunks) {
    const places = new RowPlaces();
    let columns = options.columns && new CsvColumns([...options.columns], options);
    let isFirst = true;
    for await (const whole of runsOfRows(chunks)) {
      let run = isFirst ? withoutMark(whole, places) : whole;
      isFirst = false;
      if (columns === undefined) {
        const [header] = parsed(run, 1);
        if (header === undefined) {
          places.passBlank(run.toString('latin1'));
          continue;
        }
        places.locate(run.toString('latin1', 0, header.end));
        run = run.subarray(header.end);
        if (header.cells === undefined) throw new ConfigError(`CSV header: ${header.problem}`);
        columns = CsvColumns.ofHeader(header.cells, options);
      }
      yield* batchesOf(run, columns, places, template);
    }
  };
}

/** What a run held goes out, if only as a short batch: a slow input's rows must not wait for more. */
function* batchesOf(
  run: Buffer,
  columns: CsvColumns,
  places: RowPlaces,
  template: RecordTemplate,
): Generator<CsvBatch> {
  const text = run.toString('latin1');
  let batch = new CsvBatch(template, columns);
  let begin = 0;
  for (const row of parsed(run)) {
    if (batch.size === RECORDS_PER_BATCH) {
      yield batch;
      batch = new CsvBatch(template, columns);
    }
    batch.add(row, places.locate(text.slice(begin, row.end)));
    begin = row.end;
  }
  batch.endOffset = places.passBlank(text.slice(begin));
  if (batch.size > 0) yield batch;
}

function parsed(run: Buffer, most = -1): ParsedRow[] {
  const rows: ParsedRow[] = [];
  parse(run, {
    // A character a byte, so that rows are handed back as they were, even if they are not UTF-8.
    encoding: 'latin1',
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    // A quote within an unquoted cell is text: as an error, csv-parse would lose the rest of that line.
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    to: most,
    on_record: (cells: string[], { bytes }) => {
      rows.push({ end: bytes, cells });
      return undefined;
    },
    // The only error that is left: a quote that is open at the end of the input, and has taken in all of it.
    on_skip: () => {
      rows.push({ end: run.length, problem: 'a quote is never closed' });
      return undefined;
    },
  });
  return rows;
}

/** Without a byte order mark. @throws ConfigError for UTF-16 */
function withoutMark(run: Buffer, places: RowPlaces): Buffer {
  if (UTF_16_MARKS.some((mark) => run.subarray(0, mark.length).equals(mark))) {
    throw new ConfigError(
      'CSV: the input is UTF-16, expected UTF-8: convert it first, with iconv -f UTF-16 -t UTF-8',
    );
  }
  if (!run.subarray(0, UTF_8_MARK.length).equals(UTF_8_MARK)) return run;
  places.passMark(UTF_8_MARK.length);
  return run.subarray(UTF_8_MARK.length);
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
    private readonly columns: CsvColumns,
  ) {}

  get size(): number {
    return this.records.length + this.malformed.length;
  }

  add(row: ParsedRow, place: RowPlace): void {
    this.endOffset = place.end;
    const { lineNumber, offset, original } = place;
    try {
      const record = this.recordOf(row);
      this.records.push(record);
      this.bytes += (record.value as Buffer).length;
    } catch (error) {
      const reason = (error as Error).message;
      this.malformed.push({ lineNumber, offset, original: Buffer.from(original, 'latin1'), reason });
      return;
    }
    this.lineNumbers.push(lineNumber);
    this.offsets.push(offset);
    this.originals.push(original);
  }

  private recordOf({ cells: bytes, problem }: ParsedRow): ProducerRecord {
    if (bytes === undefined) throw new Error(`not a CSV row: ${problem}`);
    const columns = this.columns;
    const cells = columns.check(bytes);
    const { key: keyColumn, value: valueColumn, timestamp: timeColumn } = columns;
    const timestamp =
      timeColumn === -1 ? undefined : parseTimestamp(columns.names[timeColumn], cells[timeColumn]);
    const key = keyColumn === -1 ? null : cells[keyColumn] || null;
    const value = Buffer.from(valueColumn === -1 ? columns.json(cells) : cells[valueColumn]);
    return { ...this.template, key, value, timestamp };
  }

  original(index: number): Buffer {
    return Buffer.from(this.originals[index], 'latin1');
  }
}
