// Headers on their way from a record into a frame.
import { isPlainObject, LONG_STRING, NOT_USUAL, usualLength } from './field-length';

const isOwn = Object.prototype.hasOwnProperty;

/** What a record with more leaves in the arrays is not kept alive by them. */
const MOST_KEPT = 64;

/** One record's headers, read once, in arrays that serve for all records. */
export class HeaderScratch {
  count = 0;
  readonly names: string[] = [];
  readonly values: unknown[] = [];
  /** -1: null. Those of anything but text are known once measured. */
  readonly lengths: number[] = [];
  /** Of the names and values that are text. */
  #textSize = 0;
  #allText = true;

  /** Whether all names and values are text, and together short enough to be written with others. */
  get shortText(): boolean {
    return this.#allText && this.#textSize < LONG_STRING;
  }

  /** False for what needs a closer look. */
  read(headers: unknown): boolean {
    if (this.values.length > MOST_KEPT) {
      for (const field of [this.names, this.values, this.lengths]) field.length = 0;
    }
    this.count = 0;
    this.#textSize = 0;
    this.#allText = true;
    if (headers === undefined) return true;
    if (headers === null || typeof headers !== 'object') return false;
    if (Array.isArray(headers)) {
      for (const pair of headers) {
        if (!Array.isArray(pair) || pair.length !== 2) return false;
        this.#add(pair[0], pair[1]);
      }
      return true;
    }
    if (Symbol.iterator in headers) return false;
    // Not Object.keys: the list it makes costs as much as all the rest.
    for (const name in headers) {
      if (!isOwn.call(headers, name)) return false;
      this.#add(name, (headers as Record<string, unknown>)[name]);
    }
    return this.count > 0 || isPlainObject(headers);
  }

  /** Their size, or NOT_USUAL. */
  measure(): number {
    if (this.#allText) return this.#textSize;
    let size = 0;
    for (let i = 0; i < this.count; i++) {
      if (typeof this.names[i] !== 'string') return NOT_USUAL;
      const length = usualLength(this.values[i]);
      if (length === NOT_USUAL) return NOT_USUAL;
      this.lengths[i] = length;
      size += this.names[i].length + Math.max(length, 0);
    }
    return size;
  }

  #add(name: unknown, value: unknown): void {
    const at = this.count++;
    this.names[at] = name as string;
    this.values[at] = value;
    if (typeof name === 'string' && typeof value === 'string') {
      this.lengths[at] = value.length;
      this.#textSize += name.length + value.length;
    } else {
      this.#allText = false;
    }
  }
}
