// Headers on their way from a record into a frame.
import { isPlainObject, isShortText, LONG_STRING, NOT_USUAL, usualLength } from './field-length';

/** One record's headers, read once, in arrays that serve for all records. */
export class HeaderScratch {
  count = 0;
  readonly names: string[] = [];
  readonly values: unknown[] = [];
  /** -1: null. */
  readonly lengths: number[] = [];
  /** Whether all names and values are short texts or null, once measured. */
  shortText = true;

  /** False for what needs a closer look. */
  read(headers: unknown): boolean {
    this.count = 0;
    if (headers === undefined) return true;
    if (headers === null || typeof headers !== 'object') return false;
    if (Array.isArray(headers)) {
      for (const pair of headers) {
        if (!Array.isArray(pair) || pair.length !== 2) return false;
        this.#add(pair[0], pair[1]);
      }
    } else {
      if (Symbol.iterator in headers) return false;
      const names = Object.keys(headers);
      if (names.length === 0) return isPlainObject(headers);
      for (const name of names) this.#add(name, (headers as Record<string, unknown>)[name]);
    }
    return true;
  }

  /** Their size, or NOT_USUAL. */
  measure(): number {
    let size = 0;
    this.shortText = true;
    for (let i = 0; i < this.count; i++) {
      if (typeof this.names[i] !== 'string') return NOT_USUAL;
      const length = usualLength(this.values[i]);
      if (length === NOT_USUAL) return NOT_USUAL;
      this.lengths[i] = length;
      if (this.names[i].length >= LONG_STRING || !isShortText(this.values[i], length)) this.shortText = false;
      size += this.names[i].length + Math.max(length, 0);
    }
    return size;
  }

  #add(name: string, value: unknown): void {
    this.names[this.count] = name;
    this.values[this.count++] = value;
  }
}
