// The bytes of an ingestion's source, in chunks of moderate size.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, Readable } from 'node:stream';
import { lookInto } from '../check-given';
import { ConfigError, describeValue } from '../errors';
import { isBytes } from '../intake/record';
import type { IngestSource } from './ingest-options';

export const CHUNK_BYTES = 256 << 10;

/** The reading has been stopped: what was read of an unfinished line is no line. */
export class Stopped extends Error {}

function isFile(source: IngestSource): source is string | URL {
  return typeof source === 'string' || source instanceof URL;
}

/** A file by its path, or by the descriptor that it is open as. */
export type InputFile = string | URL | number;

/** The file that is read, if it is one: a stream over a file has a descriptor or a path. */
export function fileOf(source: IngestSource): InputFile | undefined {
  if (isFile(source)) return source;
  if (!(source instanceof Readable)) return undefined;
  const { fd, path } = source as { fd?: unknown; path?: unknown };
  if (typeof fd === 'number') return fd;
  return typeof path === 'string' ? path : undefined;
}

/**
 * Throws Stopped when `stop` is aborted, even while the source keeps it waiting. The chunks' memory is nobody else's.
 * @throws ConfigError when `source` is none
 */
export function chunksOf(
  source: IngestSource,
  startOffset: number,
  stop: AbortSignal,
  onBytes: (count: number) => void,
): AsyncIterable<Buffer> {
  const open = lookInto('ingest: the source', () => opener(source, startOffset));
  return (async function* () {
    if (stop.aborted) throw new Stopped();
    // Half a character, which the next chunk of text completes.
    let half = '';
    for await (const chunk of untilStopped(open(), stop)) {
      const isOurs = isFile(source) || typeof chunk === 'string';
      let bytes: Buffer;
      if (typeof chunk === 'string') {
        const text = half + chunk;
        half = /[\ud800-\udbff]$/.exec(text)?.[0] ?? '';
        bytes = Buffer.from(text.slice(0, text.length - half.length));
      } else {
        bytes = half === '' ? asBuffer(chunk) : Buffer.concat([Buffer.from(half), asBuffer(chunk)]);
        half = '';
      }
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        const piece = bytes.length <= CHUNK_BYTES ? bytes : bytes.subarray(at, at + CHUNK_BYTES);
        onBytes(piece.length);
        // Who gave it may write into it again when asked for more, and keep it.
        yield isOurs ? piece : Buffer.from(new Uint8Array(piece).buffer);
        if (stop.aborted) throw new Stopped();
      }
    }
    if (half === '') return;
    const rest = Buffer.from(half);
    onBytes(rest.length);
    yield rest;
  })();
}

/** @throws ConfigError when a file ends before the offset at which reading is to begin */
export async function ensureStartWithin(source: IngestSource, startOffset: number): Promise<void> {
  if (startOffset === 0 || !isFile(source)) return;
  // What is wrong with the file itself, reading tells.
  const stats = await stat(source).catch(() => undefined);
  if (stats?.isFile() && stats.size < startOffset) {
    throw new ConfigError(
      `ingest: startOffset ${startOffset} is behind the end of ${source}, which has ${stats.size} bytes`,
    );
  }
}

function opener(
  source: IngestSource,
  start: number,
): () => AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string> {
  if (isFile(source)) {
    // Of a pipe nothing can be read at an offset, 0 included.
    const options = { highWaterMark: CHUNK_BYTES, ...(start > 0 && { start }) };
    return () => createReadStream(source, options);
  }
  const isIterable =
    source !== null &&
    typeof source === 'object' &&
    (Symbol.asyncIterator in source || Symbol.iterator in source) &&
    !isBytes(source);
  if (isIterable) return () => source;
  throw new ConfigError(
    `ingest: the source must be a file's path or URL, a Readable or an iterable of bytes, got ${describeValue(source)}`,
  );
}

async function* untilStopped<T>(
  source: AsyncIterable<T> | Iterable<T>,
  stop: AbortSignal,
): AsyncGenerator<T> {
  // A stream that waits for input is ended by this, anything else left alone.
  if (source instanceof Readable) addAbortSignal(stop, source);
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let onStop = () => {};
  const stopped = () => onStop();
  stop.addEventListener('abort', stopped);
  let isOver = false;
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        onStop = () => reject(new Stopped());
        Promise.resolve(iterator.next()).then(resolve, (error: unknown) => {
          isOver = true;
          // Ending a stream makes its read fail.
          reject(stop.aborted ? new Stopped() : error);
        });
      });
      if (next.done) {
        isOver = true;
        return;
      }
      yield next.value;
    }
  } finally {
    stop.removeEventListener('abort', stopped);
    // Not waited for: a generator answers when its own wait is over, if ever.
    if (!isOver) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (isBytes(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  throw new ConfigError(`ingest: the source must give bytes or text, got ${describeValue(bytes)}`);
}
