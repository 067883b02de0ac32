// Where the rows of a CSV input begin and end.

export interface RowPlace {
  lineNumber: number;
  /** Where it begins: behind the row before it. */
  offset: number;
  end: number;
  /** The row as it stood in the input, without line ending; each character a byte. */
  original: string;
}

/**
 * Finds out on which line each row begins, rows being told in their order. csv-parse has a line count too, but takes
 * a \r\n within quotes for two lines.
 */
export class RowPlaces {
  private line = 1;
  private offset = 0;

  /** The header row, of these cells, ends at `end`. */
  passHeader(cells: string[], blankLinesBefore: number, end: number): void {
    this.line += blankLinesBefore + 1;
    this.countLines(cells.join());
    this.offset = end;
  }

  /** csv-parse's text of a row begins with the blank lines before it, and ends with all or half of its line ending. */
  locate(raw: string, end: number): RowPlace {
    const blankLines = /^[\r\n]*/.exec(raw)![0];
    this.countLines(blankLines);
    const lineNumber = this.line;
    const row = raw.slice(blankLines.length);
    this.countLines(row);
    const begin = this.offset;
    this.offset = end;
    return { lineNumber, offset: begin, end, original: row.replace(/[\r\n]+$/, '') };
  }

  private countLines(text: string): void {
    for (const _ of text.matchAll(/\r\n|\r|\n/g)) this.line++;
  }
}
