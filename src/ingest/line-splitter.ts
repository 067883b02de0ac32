// Cuts a stream of chunks into runs of whole lines, and such a run into lines, without copying line by line.
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Keeps what follows the last newline of a chunk until the chunk that ends that line. */
export class LineSplitter {
  private pending: Buffer[] = [];
  private pendingBytes = 0;

  constructor(private readonly maxLineBytes = MAX_LINE_BYTES) {}

  /** Everything up to and including the chunk's last newline, or null when no line ended. */
  push(chunk: Buffer): Buffer | null {
    const lastNewline = chunk.lastIndexOf(NEWLINE);
    if (lastNewline === -1) {
      this.keep(chunk);
      return null;
    }
    const whole = chunk.subarray(0, lastNewline + 1);
    const lines = this.pendingBytes === 0 ? whole : Buffer.concat([...this.pending, whole]);
    this.pending = [];
    this.pendingBytes = 0;
    if (lastNewline + 1 < chunk.length) this.keep(chunk.subarray(lastNewline + 1));
    return lines;
  }

  /** The last line, when no newline ended it. */
  end(): Buffer | null {
    return this.pendingBytes === 0 ? null : Buffer.concat(this.pending);
  }

  private keep(chunk: Buffer): void {
    this.pending.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.pendingBytes > this.maxLineBytes) {
      throw new Error(`A line is longer than ${this.maxLineBytes} bytes: is this a text file?`);
    }
  }
}

/** Yields runs of whole lines; a run is never larger than one chunk and the line that reaches into it. */
export async function* runsOfLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const splitter = new LineSplitter();
  for await (const chunk of chunks) {
    const lines = splitter.push(chunk);
    if (lines) yield lines;
  }
  const last = splitter.end();
  if (last) yield last;
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
