// Cuts CSV into runs of whole rows, as line-splitter.ts does with lines. csv-parse could read a stream by itself, but keeps the
// last row until more comes, which a slow input's consumers would wait for.
import { type Pieces, RunSplitter, runsOf } from '../run-splitter';

const QUOTE = 34;
const COMMA = 44;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

export const UTF_8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** A row that opens a quote and never closes it would otherwise gather the rest of the input in memory. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;

/** What the bytes so far say of the next one. */
enum Within {
  /** It begins a cell, or ends an empty one: a quote would open here. */
  CellStart,
  Cell,
  Quotes,
  /** A quote within quotes: with another it is text, before a comma or line ending it closes, else the cell goes on without. */
  Quote,
  /** A row is over, unless a newline belongs to it. */
  Return,
}

/** Runs of whole rows; what follows the last line ending comes at the end of the input. */
export function runsOfRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return runsOf(chunks, new RunSplitter(new RowCutter()));
}

class RowCutter implements Pieces {
  readonly mostBytes = MAX_ROW_BYTES;
  readonly tooLong = `A CSV row is longer than ${MAX_ROW_BYTES} bytes: is a quote left open?`;
  private last = Within.CellStart;
  /** Bytes in earlier chunks. */
  private passed = 0;

  endIn(chunk: Buffer): number {
    let within = this.last;
    let end = -1;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      // A quote behind a byte order mark opens.
      if (byte === UTF_8_MARK[this.passed + i]) continue;
      if (within === Within.Quotes) {
        if (byte === QUOTE) within = Within.Quote;
        continue;
      }
      if (within === Within.Return && byte !== NEWLINE) end = i;
      if (byte === NEWLINE) {
        end = i + 1;
        within = Within.CellStart;
      } else if (byte === CARRIAGE_RETURN) {
        within = Within.Return;
      } else if (byte === COMMA) {
        within = Within.CellStart;
      } else if (byte === QUOTE && within !== Within.Cell) {
        // Behind a quote it is a quote of the text, elsewhere it opens.
        within = Within.Quotes;
      } else {
        within = Within.Cell;
      }
    }
    this.last = within;
    this.passed += chunk.length;
    return end;
  }
}
