// Cuts a stream of chunks into runs of whole lines, and such a run into lines, without copying line by line.
import { RunSplitter, runsOf } from './run-splitter';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const MAX_LINE_BYTES = 256 * 1024 * 1024;

export class LineSplitter extends RunSplitter {
  constructor(maxLineBytes = MAX_LINE_BYTES) {
    super({
      endIn: (chunk) => {
        const lastNewline = chunk.lastIndexOf(NEWLINE);
        return lastNewline === -1 ? -1 : lastNewline + 1;
      },
      mostBytes: maxLineBytes,
      tooLong: `A line is longer than ${maxLineBytes} bytes: is this a text file?`,
    });
  }
}

export function runsOfLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return runsOf(chunks, new LineSplitter());
}

/**
 * Walks through the lines of a run. The text is the run as Latin-1, one character a byte, so that positions in it
 * are positions in the bytes: one conversion and one search per line, where a Buffer per line would cost more.
 */
export class LineCursor {
  readonly text: string;
  start = 0;
  /** Without the line's ending, `\n` or `\r\n`. */
  end = 0;
  /** Where the line begins, whatever `start` was moved to. */
  lineStart = 0;
  private next = 0;

  constructor(readonly bytes: Buffer) {
    this.text = bytes.toString('latin1');
  }

  /** On the line at `at` of a run: no other one is converted. */
  static on(run: Buffer, at: number): LineCursor {
    const newline = run.indexOf(NEWLINE, at);
    const cursor = new LineCursor(run.subarray(at, newline === -1 ? run.length : newline + 1));
    cursor.advance();
    return cursor;
  }

  /** Where the next line begins. */
  get lineEnd(): number {
    return Math.min(this.next, this.bytes.length);
  }

  advance(): boolean {
    if (this.next >= this.bytes.length) return false;
    this.start = this.next;
    this.lineStart = this.next;
    const newline = this.text.indexOf('\n', this.next);
    const lineEnd = newline === -1 ? this.bytes.length : newline;
    this.next = lineEnd + 1;
    const hasReturn = lineEnd > this.start && this.text.charCodeAt(lineEnd - 1) === CARRIAGE_RETURN;
    this.end = hasReturn ? lineEnd - 1 : lineEnd;
    return true;
  }

  line(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }
}
