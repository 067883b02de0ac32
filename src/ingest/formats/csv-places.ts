// Where the rows of a CSV input begin and end.

export interface RowPlace {
  lineNumber: number;
  /** Where it begins. */
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

  passMark(bytes: number): void {
    this.offset += bytes;
  }

  /** Blank lines that no row follows at once. Returns where they end. */
  passBlank(lines: string): number {
    this.countLines(lines);
    this.offset += lines.length;
    return this.offset;
  }

  /** The next row, each character of which is a byte, with the blank lines before it and its line ending. */
  locate(text: string): RowPlace {
    const blankLines = /^[\r\n]*/.exec(text)![0];
    this.countLines(blankLines);
    const lineNumber = this.line;
    const row = text.slice(blankLines.length);
    this.countLines(row);
    const begin = this.offset + blankLines.length;
    this.offset += text.length;
    return { lineNumber, offset: begin, end: this.offset, original: row.replace(/[\r\n]+$/, '') };
  }

  private countLines(text: string): void {
    for (const _ of text.matchAll(/\r\n|\r|\n/g)) this.line++;
  }
}
