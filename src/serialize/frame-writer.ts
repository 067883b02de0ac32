// Packs records into a frame: 32-bit words that describe them and, apart, their bytes. The layout is explained in
// native/frame_reader.h.
//
// Writing each string by itself costs a call into the runtime for each, 100 ns apiece. So consecutive strings are
// concatenated (a pointer operation) and written together: measured 55-65 ns a record instead of 230. The lengths
// are first taken to be the strings' character counts; if the bytes written turn out to be more, some character was
// not ASCII and the run is measured string by string.
import type { NativeLinePacker } from '../addon';
import type { BatchRecord, BytesLike } from '../intake/record';
import { estimate, isShortText, LONG_STRING, NOT_USUAL, usualLength } from './field-length';
import { FrameMemory } from './frame-memory';
import { HeaderScratch } from './header-scratch';

const HAS_TIMESTAMP = 1;
const HAS_HEADERS = 2;
const REFUSED = 4;
const FLAG_BITS = 3;

/** A frame begins with at least this much room, so that it is not cut short by its chunk's end. */
const FRAME_ROOM = 128 << 10;
/** Characters collected before a run is written. */
const RUN_CHARACTERS = 8 << 10;
/** Short enough for a loop in JavaScript to beat a call into the runtime. */
const SHORT_RUN = 24;

/** Where `appendUsual` must stop. */
export interface UsualLimits {
  /** Bytes that may be admitted, with `recordOverhead` counted for each record. */
  admissible: number;
  recordOverhead: number;
  /** Largest key and value together. */
  recordBytes: number;
  /** Records and bytes that make a frame full. */
  frameRecords: number;
  frameBytes: number;
}

export type FrameHeader = readonly [name: string, value: BytesLike];

export class FrameWriter {
  readonly memory = new FrameMemory();
  words = new Int32Array(4 << 12);
  wordCount = 0;
  recordCount = 0;
  /** Where the frame begins and where the next byte goes, in `memory.chunk.bytes`. */
  start = this.memory.position;
  #position = this.start;

  // The run: strings not yet written, joined, and which words hold their lengths. None is empty, and a run is written
  // when a record brings it to its size, so that there are hardly more strings than characters.
  #run = '';
  readonly #runWords = new Int32Array(RUN_CHARACTERS + 2);
  #runStrings = 0;
  readonly #headers = new HeaderScratch();

  // Set while `appendUsual` reads records, whose getters may come back to the producer. What it knows of the frame is
  // in local variables then, so that nobody else can go on with it.
  #reading = false;

  /** @throws Error in a getter of a record that is being read */
  ensureFree(): void {
    if (this.#reading) throw new Error('a getter of another record that is being read cannot send');
  }

  get empty(): boolean {
    return this.recordCount === 0;
  }

  /** Bytes in the frame so far, with what is not yet written counted at one byte a character. */
  get byteCount(): number {
    return this.#position - this.start + this.#run.length;
  }

  /** Begins a frame that can take a record of `bytes` (an upper bound). */
  begin(bytes: number): void {
    this.memory.reserve(Math.max(bytes, FRAME_ROOM));
    this.start = this.memory.position;
    this.#position = this.start;
    this.wordCount = 0;
    this.recordCount = 0;
  }

  /** Whether a record of at most `bytes` still fits the frame's memory. */
  fits(bytes: number): boolean {
    return this.#position + this.#run.length * 3 + bytes <= this.memory.chunk.bytes.length;
  }

  /** A record with neither headers nor timestamp. The caller has seen to it that it fits. */
  append(topicId: number, partition: number, key: BytesLike, value: BytesLike): void {
    const at = this.#claimWords(4);
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
    let at = this.#claimWords(4 + (hasTimestamp ? 2 : 0) + (hasHeaders ? 1 + headers.length * 2 : 0));
    this.words[at] =
      (topicId << FLAG_BITS) | (hasTimestamp ? HAS_TIMESTAMP : 0) | (hasHeaders ? HAS_HEADERS : 0);
    this.words[at + 1] = partition;
    this.#appendField(at + 2, key);
    this.#appendField(at + 3, value);
    at += 4;
    if (hasTimestamp) {
      this.words[at++] = timestamp; // modulo 2³², as every store in an Int32Array
      this.words[at++] = Math.floor(timestamp / 0x100000000);
    }
    if (!hasHeaders) return;
    this.words[at++] = headers.length;
    for (const [name, value] of headers) {
      this.#appendField(at++, name);
      this.#appendField(at++, value);
    }
  }

  /**
   * Packs records from index `from` (to before `to`) as long as they are usual ones: of this topic, with a key and a value of text,
   * bytes or null, and nothing else. One loop over local variables, because a call for each record costs more than
   * packing it. Stops before the first record that is not usual, does not fit, or cannot even be read: that one needs a
   * closer look. Needs a begun frame.
   * @returns how many, and what was admitted for them
   */
  appendUsual(
    records: readonly BatchRecord<unknown, unknown>[],
    from: number,
    to: number,
    topic: string,
    topicId: number,
    defaultTopic: string | undefined,
    limits: UsualLimits,
  ): { count: number; admitted: number } {
    const { admissible, recordOverhead, recordBytes, frameBytes } = limits;
    const memory = this.memory.chunk.bytes;
    const end = Math.min(to, from + limits.frameRecords - this.recordCount);
    this.#makeWords(Math.max(0, end - from) * 4);
    const { words } = this;
    const runWords = this.#runWords;
    const head = topicId << FLAG_BITS;
    let at = this.wordCount;
    let admitted = 0;
    let index = from;
    // The run stays in local variables: to store each longer string in the writer would cost as much as joining it.
    let run = this.#run;
    let runStrings = this.#runStrings;
    this.#reading = true;
    try {
      for (; index < end && this.#position - this.start + run.length < frameBytes; index++) {
        const { topic: name = defaultTopic, key, value, partition, timestamp, headers } = records[index];
        if (name !== topic || partition !== undefined || timestamp !== undefined || headers !== undefined)
          break;
        const keyLength = usualLength(key);
        const valueLength = usualLength(value);
        if (keyLength === NOT_USUAL || valueLength === NOT_USUAL) break;
        const size = Math.max(keyLength, 0) + Math.max(valueLength, 0);
        const admission = admitted + size + recordOverhead;
        if (size > recordBytes || admission > admissible) break;
        if (this.#position + (run.length + size) * 3 > memory.length) break;
        words[at] = head;
        words[at + 1] = -1;
        words[at + 2] = keyLength;
        words[at + 3] = valueLength;
        if (typeof key === 'string' && keyLength < LONG_STRING) {
          if (keyLength > 0) {
            run += key;
            runWords[runStrings++] = at + 2;
          }
        } else if (keyLength > 0) {
          this.#run = run;
          this.#runStrings = runStrings;
          this.#writeAlone(at + 2, key as string | Uint8Array, keyLength, memory);
          run = '';
          runStrings = 0;
        }
        if (typeof value === 'string' && valueLength < LONG_STRING) {
          if (valueLength > 0) {
            run += value;
            runWords[runStrings++] = at + 3;
          }
        } else if (valueLength > 0) {
          this.#run = run;
          this.#runStrings = runStrings;
          this.#writeAlone(at + 3, value as string | Uint8Array, valueLength, memory);
          run = '';
          runStrings = 0;
        }
        if (run.length >= RUN_CHARACTERS) {
          this.#run = run;
          this.#runStrings = runStrings;
          this.#writeRun();
          run = '';
          runStrings = 0;
        }
        at += 4;
        admitted = admission;
      }
    } catch {
      // Whatever the record's own code threw, it will throw again.
    } finally {
      this.#reading = false;
    }
    this.#run = run;
    this.#runStrings = runStrings;
    const count = index - from;
    this.wordCount = at;
    this.recordCount += count;
    return { count, admitted };
  }

  /**
   * As `appendUsual`, for records that have a partition, a timestamp in milliseconds or headers besides. Stops before the
   * first that has none of these, which the other packs faster.
   */
  appendDecorated(
    records: readonly BatchRecord<unknown, unknown>[],
    from: number,
    to: number,
    topic: string,
    topicId: number,
    defaultTopic: string | undefined,
    limits: UsualLimits,
  ): { count: number; admitted: number } {
    const { admissible, recordOverhead, recordBytes, frameBytes } = limits;
    const end = Math.min(to, from + limits.frameRecords - this.recordCount);
    const scratch = this.#headers;
    let admitted = 0;
    let index = from;
    this.#reading = true;
    try {
      for (; index < end && this.byteCount < frameBytes; index++) {
        const { topic: name = defaultTopic, key, value, partition, timestamp, headers } = records[index];
        if (name !== topic) break;
        if (partition === undefined && timestamp === undefined && headers === undefined) break;
        if (partition !== undefined && ((partition | 0) !== partition || partition < 0)) break;
        if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && (timestamp as number) >= 0))
          break;
        // First everything that may run the caller's code, then lengths, which that code could have changed.
        if (!scratch.read(headers)) break;
        const headerSize = scratch.measure();
        const keyLength = usualLength(key);
        const valueLength = usualLength(value);
        if (headerSize === NOT_USUAL || keyLength === NOT_USUAL || valueLength === NOT_USUAL) break;
        const size = Math.max(keyLength, 0) + Math.max(valueLength, 0) + headerSize;
        const admission = admitted + size + recordOverhead;
        if (size > recordBytes || admission > admissible || !this.fits(size * 3)) break;
        this.#packDecorated(
          topicId,
          partition ?? -1,
          key as BytesLike,
          keyLength,
          value as BytesLike,
          valueLength,
          (timestamp as number | undefined) ?? -1,
        );
        admitted = admission;
      }
    } catch {
      // Whatever the record's own code threw, it will throw again.
    } finally {
      this.#reading = false;
    }
    return { count: index - from, admitted };
  }

  #packDecorated(
    topicId: number,
    partition: number,
    key: BytesLike,
    keyLength: number,
    value: BytesLike,
    valueLength: number,
    timestamp: number,
  ): void {
    const { count, names, values, lengths } = this.#headers;
    let at = this.#claimWords(4 + (timestamp === -1 ? 0 : 2) + (count === 0 ? 0 : 1 + count * 2));
    const { words } = this;
    const memory = this.memory.chunk.bytes;
    words[at] =
      (topicId << FLAG_BITS) | (timestamp === -1 ? 0 : HAS_TIMESTAMP) | (count === 0 ? 0 : HAS_HEADERS);
    words[at + 1] = partition;
    words[at + 2] = keyLength;
    words[at + 3] = valueLength;
    const text =
      this.#headers.shortText &&
      isShortText(key, keyLength) &&
      isShortText(value, valueLength) &&
      this.#runStrings + 2 + count * 2 <= this.#runWords.length;
    if (text) {
      this.#packText(at, key as string, keyLength, value as string, valueLength, timestamp);
      return;
    }
    if (keyLength > 0) this.#write(at + 2, key as string | Uint8Array, keyLength, memory);
    if (valueLength > 0) this.#write(at + 3, value as string | Uint8Array, valueLength, memory);
    at += 4;
    if (timestamp !== -1) {
      words[at++] = timestamp; // modulo 2³², as every store in an Int32Array
      words[at++] = Math.floor(timestamp / 0x100000000);
    }
    if (count === 0) return;
    words[at++] = count;
    for (let i = 0; i < count; i++) {
      const { length } = names[i];
      words[at] = length;
      if (length > 0) this.#write(at, names[i], length, memory);
      at++;
      words[at] = lengths[i];
      if (lengths[i] > 0) this.#write(at, values[i] as string | Uint8Array, lengths[i], memory);
      at++;
    }
  }

  // The same for short texts, with one store of the run for all of them.
  #packText(
    at: number,
    key: string,
    keyLength: number,
    value: string,
    valueLength: number,
    timestamp: number,
  ): void {
    const { words } = this;
    const { count, names, values, lengths } = this.#headers;
    const runWords = this.#runWords;
    let run = this.#run;
    let strings = this.#runStrings;
    if (keyLength > 0) {
      run += key;
      runWords[strings++] = at + 2;
    }
    if (valueLength > 0) {
      run += value;
      runWords[strings++] = at + 3;
    }
    at += 4;
    if (timestamp !== -1) {
      words[at++] = timestamp; // modulo 2³², as every store in an Int32Array
      words[at++] = Math.floor(timestamp / 0x100000000);
    }
    if (count > 0) words[at++] = count;
    for (let i = 0; i < count; i++) {
      const name = names[i];
      words[at] = name.length;
      if (name !== '') {
        run += name;
        runWords[strings++] = at;
      }
      at++;
      words[at] = lengths[i];
      if (lengths[i] > 0) {
        run += values[i] as string;
        runWords[strings++] = at;
      }
      at++;
    }
    this.#run = run;
    this.#runStrings = strings;
    if (run.length >= RUN_CHARACTERS) this.#writeRun();
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
    this.#writeRun();
    this.#makeWords((starts.length - this.recordCount) * wordsEach);
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
      this.#position,
      chunk.bytes.length,
      result,
    );
    this.recordCount += result[2];
    this.wordCount += result[5];
    this.#position += result[6];
  }

  /** A place in the numbering for a record that was rejected before it got here. */
  appendRefused(topicId: number): void {
    const at = this.#claimWords(4);
    this.words[at] = (topicId << FLAG_BITS) | REFUSED;
    this.words[at + 1] = -1;
    this.words[at + 2] = -1;
    this.words[at + 3] = -1;
  }

  /** Writes what is outstanding. Returns the frame's length in bytes. */
  finish(): number {
    this.#writeRun();
    return this.#position - this.start;
  }

  /** Keeps the frame's bytes (they are in use) or gives them up for the next frame, and leaves the frame empty. */
  end(keepBytes: boolean): void {
    if (keepBytes) this.memory.keepUpTo(this.#position);
    this.wordCount = 0;
    this.recordCount = 0;
    this.start = this.memory.position;
    this.#position = this.start;
  }

  #claimWords(count: number): number {
    this.#makeWords(count);
    const at = this.wordCount;
    this.wordCount = at + count;
    this.recordCount++;
    return at;
  }

  #makeWords(count: number): void {
    const needed = this.wordCount + count;
    if (needed <= this.words.length) return;
    const larger = new Int32Array(Math.max(this.words.length * 2, needed));
    larger.set(this.words);
    this.words = larger;
  }

  #appendField(word: number, field: BytesLike): void {
    const length = field === null || field === undefined ? -1 : estimate(field);
    this.words[word] = length;
    if (length > 0) this.#write(word, field as string | Uint8Array, length, this.memory.chunk.bytes);
  }

  /** A field that is neither null nor empty. `length` is estimated, and so far in the word. */
  #write(word: number, field: string | Uint8Array, length: number, memory: Buffer): void {
    if (typeof field !== 'string' || length >= LONG_STRING) {
      this.#writeAlone(word, field, length, memory);
      return;
    }
    this.#run += field;
    this.#runWords[this.#runStrings++] = word;
    if (this.#run.length >= RUN_CHARACTERS) this.#writeRun();
  }

  /** Bytes or a long string, behind the run, which is written first. */
  #writeAlone(word: number, field: string | Uint8Array, length: number, memory: Buffer): void {
    this.#writeRun();
    if (typeof field !== 'string') {
      memory.set(field, this.#position);
      this.#position += length;
      return;
    }
    const written = memory.write(field, this.#position, 'utf8');
    this.words[word] = written;
    this.#position += written;
  }

  #writeRun(): void {
    const run = this.#run;
    const characters = run.length;
    if (characters === 0) return;
    const bytes = this.memory.chunk.bytes;
    if (characters > SHORT_RUN || !this.#writeShortAscii(run)) {
      const written = bytes.write(run, this.#position, 'utf8');
      if (written === characters) this.#position += written;
      else this.#writeRunOneByOne(run);
    }
    this.#run = '';
    this.#runStrings = 0;
  }

  // Again from the run's start: lengths differ from character counts, and a surrogate at one string's end may have
  // been joined with one at the next's beginning.
  #writeRunOneByOne(run: string): void {
    const bytes = this.memory.chunk.bytes;
    let begin = 0;
    for (let i = 0; i < this.#runStrings; i++) {
      const word = this.#runWords[i];
      const end = begin + this.words[word];
      const written = bytes.write(run.substring(begin, end), this.#position, 'utf8');
      this.words[word] = written;
      this.#position += written;
      begin = end;
    }
  }

  #writeShortAscii(run: string): boolean {
    const bytes = this.memory.chunk.bytes;
    const position = this.#position;
    for (let i = 0; i < run.length; i++) {
      const code = run.charCodeAt(i);
      if (code > 127) return false;
      bytes[position + i] = code;
    }
    this.#position = position + run.length;
    return true;
  }
}
