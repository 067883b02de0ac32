// Keys and how many records each has, whatever bytes they are made of.

import { LineCursor, runsOfLines } from '../ingest/line-splitter';
import type { CountedKeys } from '../partition/growth-plan';

/** Keys given out at once end with the one that makes them as many, or as long: they are hashed while in the cache. */
const BATCH_KEYS = 4096;
const BATCH_BYTES = 64 * 1024;

export class KeyCounts {
  /** By the key's bytes as Latin-1: text of one character a byte. */
  private readonly counts = new Map<string, number>();

  add(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  get isEmpty(): boolean {
    return this.counts.size === 0;
  }

  *[Symbol.iterator](): Iterator<CountedKeys> {
    let keys = '';
    let ends: number[] = [];
    let records: number[] = [];
    const batch = () => ({ bytes: Buffer.from(keys, 'latin1'), ends: Int32Array.from(ends), records });
    for (const [key, count] of this.counts) {
      keys += key;
      ends.push(keys.length);
      records.push(count);
      if (ends.length < BATCH_KEYS && keys.length < BATCH_BYTES) continue;
      yield batch();
      keys = '';
      ends = [];
      records = [];
    }
    yield batch();
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
