// Cuts a stream of chunks into runs of whole lines, rows or whatever else ends somewhere in them.

export interface Pieces {
  /** How many bytes of the chunk belong to pieces that end in it, or -1 when none ends. Chunks come in their order. */
  endIn(chunk: Buffer): number;
  /** The longest that is gathered, and what is said of a longer one. */
  mostBytes: number;
  tooLong: string;
}

/** Keeps what follows the last end in a chunk until the chunk in which that ends. */
export class RunSplitter {
  private pending: Buffer[] = [];
  private pendingBytes = 0;

  constructor(private readonly pieces: Pieces) {}

  /** Everything up to the last end in the chunk, or null when nothing ended. @throws Error for an endless piece */
  push(chunk: Buffer): Buffer | null {
    const end = this.pieces.endIn(chunk);
    if (end === -1) {
      this.keep(chunk);
      return null;
    }
    const whole = chunk.subarray(0, end);
    const run = this.pendingBytes === 0 ? whole : Buffer.concat([...this.pending, whole]);
    this.pending = [];
    this.pendingBytes = 0;
    if (end < chunk.length) this.keep(chunk.subarray(end));
    return run;
  }

  /** The last piece, when it has no end of its own. */
  end(): Buffer | null {
    return this.pendingBytes === 0 ? null : Buffer.concat(this.pending);
  }

  private keep(chunk: Buffer): void {
    this.pending.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.pendingBytes > this.pieces.mostBytes) throw new Error(this.pieces.tooLong);
  }
}

/** Yields runs of whole pieces; a run is never larger than one chunk and the piece that reaches into it. */
export async function* runsOf(chunks: AsyncIterable<Buffer>, splitter: RunSplitter): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    const run = splitter.push(chunk);
    if (run) yield run;
  }
  const last = splitter.end();
  if (last) yield last;
}
