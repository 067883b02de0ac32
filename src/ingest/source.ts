// The bytes of an ingestion's source, in chunks of moderate size.
import { createReadStream } from 'node:fs';
import { addAbortSignal, Readable } from 'node:stream';
import { ConfigError, describeValue } from '../errors';
import type { IngestSource } from './ingest-options';

export const CHUNK_BYTES = 256 << 10;

/** The reading has been stopped: what was read of an unfinished line is no line. */
export class Stopped extends Error {}

/** Throws Stopped when `signal` is aborted. @throws ConfigError when `source` is none */
export function chunksOf(
  source: IngestSource,
  startOffset: number,
  signal: AbortSignal | undefined,
  onBytes: (count: number) => void,
): AsyncIterable<Buffer> {
  const open = opener(source, startOffset);
  return (async function* () {
    if (signal?.aborted) throw new Stopped();
    try {
      for await (const chunk of open(signal)) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : asBuffer(chunk);
        for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
          const piece = bytes.length <= CHUNK_BYTES ? bytes : bytes.subarray(at, at + CHUNK_BYTES);
          onBytes(piece.length);
          yield piece;
          if (signal?.aborted) throw new Stopped();
        }
      }
    } catch (error) {
      // Stopping a read that waits for input makes it throw.
      throw signal?.aborted ? new Stopped() : error;
    }
  })();
}

function opener(
  source: IngestSource,
  start: number,
): (signal: AbortSignal | undefined) => AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string> {
  if (typeof source === 'string' || source instanceof URL) {
    return (signal) => stoppable(createReadStream(source, { start, highWaterMark: CHUNK_BYTES }), signal);
  }
  if (source instanceof Readable) return (signal) => stoppable(source, signal);
  const isIterable =
    source !== null &&
    typeof source === 'object' &&
    (Symbol.asyncIterator in source || Symbol.iterator in source) &&
    !(source instanceof Uint8Array);
  if (isIterable) return () => source;
  throw new ConfigError(
    `ingest: the source must be a file's path or URL, a Readable or an iterable of bytes, got ${describeValue(source)}`,
  );
}

function stoppable(stream: Readable, signal: AbortSignal | undefined): Readable {
  return signal === undefined ? stream : addAbortSignal(signal, stream);
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes instanceof Uint8Array) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  throw new ConfigError(`ingest: the source must give bytes or text, got ${describeValue(bytes)}`);
}
