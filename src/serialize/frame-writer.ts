// A frame being written: 32-bit words that describe its records and, apart, their bytes. The layout is explained in
// native/frame_reader.h.
import type { NativeLinePacker } from '../addon';
import type { BytesLike } from '../intake/record';
import { estimate, LONG_STRING } from './field-length';
import { FrameMemory } from './frame-memory';
import { HeaderScratch } from './header-scratch';
import { TextRun } from './text-run';

export const HAS_TIMESTAMP = 1;
export const HAS_HEADERS = 2;
const REFUSED = 4;
export const FLAG_BITS = 3;

/** A frame begins with at least this much room, so that it is not cut short by its chunk's end. */
const FRAME_ROOM = 128 << 10;

export type FrameHeader = readonly [name: string, value: BytesLike];

export interface FrameRecord {
  readonly key: BytesLike;
  readonly value: BytesLike;
  readonly partition: number;
  readonly timestamp: number | undefined;
  readonly headers: readonly FrameHeader[];
}

/** Its fields are for the loops that pack many records at once (usual-records.ts, decorated-records.ts). */
export class FrameWriter {
  readonly memory = new FrameMemory();
  words = new Int32Array(4 << 12);
  wordCount = 0;
  recordCount = 0;
  /** Where the frame begins and where the next byte goes, behind the run, in `memory.chunk.bytes`. */
  start = this.memory.position;
  position = this.start;
  readonly run = new TextRun();
  /** Of the record at hand. */
  readonly headers = new HeaderScratch();

  /**
   * Set while a loop reads records, whose getters may come back to the producer. What it knows of the frame is in local variables
   * then, so that nobody else can go on with it.
   */
  reading = false;

  /** @throws Error in a getter of a record that is being read */
  ensureFree(): void {
    if (this.reading) throw new Error('a getter of another record that is being read cannot send');
  }

  get empty(): boolean {
    return this.recordCount === 0;
  }

  /** Bytes in the frame so far, with what is not yet written counted at one byte a character. */
  get byteCount(): number {
    return this.position - this.start + this.run.text.length;
  }

  /** Begins a frame that can take a record of `bytes` (an upper bound). */
  begin(bytes: number): void {
    this.memory.reserve(Math.max(bytes, FRAME_ROOM));
    this.#beginAt(this.memory.position);
  }

  /** Whether a record of at most `bytes` still fits the frame's memory. */
  fits(bytes: number): boolean {
    return this.position + this.run.text.length * 3 + bytes <= this.memory.chunk.bytes.length;
  }

  /** A record that has been checked, in the shortest form. The caller has seen to it that it fits. */
  appendRecord(topicId: number, { key, value, partition, timestamp, headers }: FrameRecord): void {
    if (timestamp === undefined && headers.length === 0) this.append(topicId, partition, key, value);
    else this.appendExtended(topicId, partition, key, value, timestamp, headers);
  }

  /** A record with neither headers nor timestamp. The caller has seen to it that it fits. */
  append(topicId: number, partition: number, key: BytesLike, value: BytesLike): void {
    const at = this.claimWords(4);
    const words = this.words;
    words[at] = topicId << FLAG_BITS;
    words[at + 1] = partition;
    this.#appendField(at + 2, key);
    this.#appendField(at + 3, value);
  }

  appendExtended(
    topicId: number,
    partition: number,
    key: BytesLike,
    value: BytesLike,
    timestamp: number | undefined,
    headers: readonly FrameHeader[],
  ): void {
    const hasTimestamp = timestamp !== undefined;
    const hasHeaders = headers.length > 0;
    let at = this.claimWords(4 + (hasTimestamp ? 2 : 0) + (hasHeaders ? 1 + headers.length * 2 : 0));
    this.words[at] =
      (topicId << FLAG_BITS) | (hasTimestamp ? HAS_TIMESTAMP : 0) | (hasHeaders ? HAS_HEADERS : 0);
    this.words[at + 1] = partition;
    this.#appendField(at + 2, key);
    this.#appendField(at + 3, value);
    at += 4;
    if (hasTimestamp) at = writeTimestamp(this.words, at, timestamp);
    if (!hasHeaders) return;
    this.words[at++] = headers.length;
    for (const [name, value] of headers) {
      this.#appendField(at++, name);
      this.#appendField(at++, value);
    }
  }

  /**
   * Packs lines of `input` from `from` on by the addon, as far as they need no closer look and fit. Writes where each record's line begins to `starts`, by its place in the frame, and what came of it to
   * `result`. Needs a begun frame.
   */
  appendLines(
    packer: NativeLinePacker,
    input: Uint8Array,
    from: number,
    topicId: number,
    partition: number,
    wordsEach: number,
    starts: Int32Array,
    result: Int32Array,
  ): void {
    this.writeRun();
    this.makeWords((starts.length - this.recordCount) * wordsEach);
    const { chunk } = this.memory;
    packer.pack(
      input,
      from,
      topicId,
      partition,
      this.words,
      this.wordCount,
      starts,
      this.recordCount,
      chunk.handle,
      this.position,
      chunk.bytes.length,
      result,
    );
    this.recordCount += result[2];
    this.wordCount += result[5];
    this.position += result[6];
  }

  /** A place in the numbering for a record that was rejected before it got here. */
  appendRefused(topicId: number): void {
    const at = this.claimWords(4);
    this.words[at] = (topicId << FLAG_BITS) | REFUSED;
    this.words[at + 1] = -1;
    this.words[at + 2] = -1;
    this.words[at + 3] = -1;
  }

  /** Writes what is outstanding. Returns the frame's length in bytes. */
  finish(): number {
    this.writeRun();
    return this.position - this.start;
  }

  /** Keeps the frame's bytes (they are in use) or gives them up for the next frame, and leaves the frame empty. */
  end(keepBytes: boolean): void {
    if (keepBytes) this.memory.keepUpTo(this.position);
    this.#beginAt(this.memory.position);
  }

  #beginAt(position: number): void {
    this.wordCount = 0;
    this.recordCount = 0;
    this.start = position;
    this.position = position;
  }

  /** The words of one more record. */
  claimWords(count: number): number {
    this.makeWords(count);
    const at = this.wordCount;
    this.wordCount = at + count;
    this.recordCount++;
    return at;
  }

  /** Makes room for so many more. */
  makeWords(count: number): void {
    const needed = this.wordCount + count;
    if (needed <= this.words.length) return;
    const larger = new Int32Array(Math.max(this.words.length * 2, needed));
    larger.set(this.words);
    this.words = larger;
  }

  #appendField(word: number, field: BytesLike): void {
    const length = field === null || field === undefined ? -1 : estimate(field);
    this.words[word] = length;
    if (length > 0) this.write(word, field as string | Uint8Array, length);
  }

  /** A field that is neither null nor empty. `length` is estimated, and so far in the word. */
  write(word: number, field: string | Uint8Array, length: number): void {
    if (typeof field !== 'string' || length >= LONG_STRING) {
      this.#writeAlone(word, field, length);
      return;
    }
    this.run.add(field, word);
    if (this.run.full) this.writeRun();
  }

  /** Bytes or a long string, behind the run, which is written first. */
  #writeAlone(word: number, field: string | Uint8Array, length: number): void {
    this.writeRun();
    const memory = this.memory.chunk.bytes;
    if (typeof field !== 'string') {
      memory.set(field, this.position);
      this.position += length;
      return;
    }
    const written = memory.write(field, this.position, 'utf8');
    this.words[word] = written;
    this.position += written;
  }

  writeRun(): void {
    this.position = this.run.writeTo(this.memory.chunk.bytes, this.position, this.words);
  }
}

/** Milliseconds in two words, the low one first. Returns the place behind them. */
export function writeTimestamp(words: Int32Array, at: number, timestamp: number): number {
  words[at] = timestamp; // modulo 2³², as every store in an Int32Array
  words[at + 1] = Math.floor(timestamp / 0x100000000);
  return at + 2;
}
