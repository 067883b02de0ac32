// Chunks of native memory that frames are packed into, used over and over.
import { addon } from '../addon';

/** Bytes kept by the addon at a chunk's start: its reference count. native/frame_memory.h says the same. */
const HEADER_BYTES = 64;
/** A frame of 1,000 records of 100 bytes takes a tenth of it. */
const CHUNK_BYTES = 1 << 20;
/** Chunks kept for later, beside as many as were lately in use. */
const SPARE_CHUNKS = 4;
/** Changes of the chunk between two counts of those that are idle: of big values there are hundreds. */
const CHANGES_BETWEEN_COUNTS = 16;
/** After so many counts it is looked whether there have been more than that each time. */
const COUNTS_BETWEEN_LOOKS = 4;

export class Chunk {
  readonly handle: object;
  readonly bytes: Buffer;
  readonly #references: Int32Array;

  constructor(size: number) {
    const [buffer, handle] = addon.allocateFrameMemory(size);
    this.handle = handle;
    this.bytes = Buffer.from(buffer);
    this.#references = new Int32Array(buffer, 0, 1);
  }

  /** Whether no frame in flight needs its bytes: only the buffer and the handle refer to it. */
  get idle(): boolean {
    return Atomics.load(this.#references, 0) === 2;
  }
}

/** Where a frame may be written: `chunk.bytes` from `position` on. */
export class FrameMemory {
  chunk: Chunk = new Chunk(CHUNK_BYTES);
  position = HEADER_BYTES;
  #retired: Chunk[] = [];
  #changes = 0;
  #leastIdle = Number.POSITIVE_INFINITY;

  get room(): number {
    return this.chunk.bytes.length - this.position;
  }

  /** Makes room for a frame of at least `bytes`, in another chunk if need be. */
  reserve(bytes: number): void {
    if (this.room >= bytes) return;
    this.#retire(this.chunk);
    const size = Math.max(bytes + HEADER_BYTES, CHUNK_BYTES);
    this.chunk = this.#reuse(size) ?? new Chunk(size);
    this.position = HEADER_BYTES;
  }

  /** The bytes up to `position` are in use by a frame in flight. */
  keepUpTo(position: number): void {
    this.position = position;
  }

  // Oversized chunks are dropped: the addon frees them with their last frame.
  #retire(chunk: Chunk): void {
    if (chunk.bytes.length === CHUNK_BYTES) this.#retired.push(chunk);
  }

  // Frames settle about in the order of their making, so the search is short.
  #reuse(size: number): Chunk | undefined {
    if (size > CHUNK_BYTES) return undefined;
    const at = this.#retired.findIndex((chunk) => chunk.idle);
    const found = at === -1 ? undefined : this.#retired.splice(at, 1)[0];
    if (++this.#changes % CHANGES_BETWEEN_COUNTS === 0) this.#dropSpare();
    return found;
  }

  // Records come and go in waves. A chunk dropped between two of them would have to be made anew, and V8, which counts
  // such memory, would look through the whole heap each time for what could be freed.
  #dropSpare(): void {
    const idle = this.#retired.filter((chunk) => chunk.idle);
    this.#leastIdle = Math.min(this.#leastIdle, idle.length);
    if (this.#changes < CHANGES_BETWEEN_COUNTS * COUNTS_BETWEEN_LOOKS) return;
    const spare = new Set(idle.slice(0, Math.max(0, this.#leastIdle - SPARE_CHUNKS)));
    if (spare.size > 0) this.#retired = this.#retired.filter((chunk) => !spare.has(chunk));
    this.#changes = 0;
    this.#leastIdle = Number.POSITIVE_INFINITY;
  }
}
