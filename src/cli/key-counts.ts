// Keys and how many records each has, whatever bytes they are made of.
import { LineCursor, runsOfLines } from '../ingest/line-splitter';

export class KeyCounts {
  /** By the key's bytes as Latin-1: text of one character a byte. */
  private readonly counts = new Map<string, number>();

  add(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  get isEmpty(): boolean {
    return this.counts.size === 0;
  }

  *[Symbol.iterator](): Iterator<[key: Buffer, records: number]> {
    for (const [key, records] of this.counts) yield [Buffer.from(key, 'latin1'), records];
  }
}

/** A key a line, byte for byte; a key that comes several times has as many records. */
export async function keysOfLines(chunks: AsyncIterable<Buffer>): Promise<KeyCounts> {
  const keys = new KeyCounts();
  for await (const run of runsOfLines(chunks)) {
    const cursor = new LineCursor(run);
    while (cursor.advance()) keys.add(cursor.text.slice(cursor.start, cursor.end));
  }
  return keys;
}
