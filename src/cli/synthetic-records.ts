// The records of a synthetic load: random letters as values, keys in turn.
import { randomFillSync } from 'node:crypto';
import type { ProducerRecord } from '../index';

/** Enough different values that compression does not find the last one again. */
const DISTINCT_VALUES = 1_000;
const MAX_POOL_BYTES = 64 * 1024 * 1024;
const LETTERS = 26;

export class SyntheticRecords {
  private readonly values: Buffer[];
  private readonly keys: string[];
  private made = 0;

  constructor(
    private readonly topic: string,
    valueBytes: number,
    distinctKeys: number,
  ) {
    const distinctValues = Math.max(
      1,
      Math.min(DISTINCT_VALUES, Math.floor(MAX_POOL_BYTES / (valueBytes || 1))),
    );
    this.values = Array.from({ length: distinctValues }, () => randomLetters(valueBytes));
    this.keys = Array.from({ length: distinctKeys }, (_, index) => `key-${index}`);
  }

  next(count: number): ProducerRecord[] {
    const records: ProducerRecord[] = new Array(count);
    for (let i = 0; i < count; i++) {
      const key = this.keys.length === 0 ? null : this.keys[this.made % this.keys.length];
      records[i] = { topic: this.topic, key, value: this.values[this.made % this.values.length] };
      this.made++;
    }
    return records;
  }
}

function randomLetters(length: number): Buffer {
  const bytes = randomFillSync(Buffer.allocUnsafe(length));
  for (let i = 0; i < length; i++) bytes[i] = 65 + (bytes[i] % LETTERS);
  return bytes;
}
