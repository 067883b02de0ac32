// Where an ingestion's rejected lines go: to the caller's function, or as they stood, each with a newline and fit to be
// ingested again, into a file or a stream.
import { fstat } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { ConfigError } from '../errors';
import { type IngestReject, isWritable } from './ingest-options';
import type { InputFile } from './source';

export interface RejectSink {
  /** One at a time. */
  take(reject: IngestReject): void | Promise<void>;
  /** Goes before the first line, if there will be one. */
  setHeading(heading: string): void;
  close(): Promise<void>;
}

const NEWLINE = Buffer.from('\n');

export function toFunction(take: (reject: IngestReject) => void | Promise<void>): RejectSink {
  return { take, setHeading: () => {}, close: () => Promise.resolve() };
}

/**
 * @param input the file that is read, if it is one
 * @param resumed whether a file is to be added to
 * @throws ConfigError when a file cannot be written to, or is the input
 */
export async function openRejects(
  place: Writable | string | URL,
  input: InputFile | undefined,
  resumed: boolean,
): Promise<RejectSink> {
  return isWritable(place) ? intoStream(place) : intoFile(place, input, resumed);
}

/** Makes the file even if nothing will fail: an old one must not pass for this run's. */
async function intoFile(
  path: string | URL,
  input: InputFile | undefined,
  resumed: boolean,
): Promise<RejectSink> {
  // Opened without truncating, since it may turn out to be the input.
  const file = await open(path, 'a').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`cannot write rejects to ${path}: ${describeFileError(error)}`, error);
  });
  const stats = await file.stat();
  const read = input === undefined ? undefined : await statsOf(input).catch(() => undefined);
  if (read !== undefined && read.dev === stats.dev && read.ino === stats.ino) {
    await file.close();
    throw new ConfigError(`rejects cannot go to ${path}: it is the input itself`);
  }
  if (stats.isFile() && !resumed) await file.truncate();
  const lines = new Lines(async (bytes) => {
    const { size } = await file.stat();
    try {
      await file.appendFile(bytes);
    } catch (error) {
      // Half a line would be taken for one, or for the beginning of the next.
      if (stats.isFile()) await file.truncate(size);
      throw error;
    }
  });
  lines.isInside = resumed && stats.isFile() && stats.size > 0 && !(await endsLine(path, stats.size));
  const hasHeading = resumed && stats.size > 0;
  return {
    take: ({ data }) => lines.write(data),
    setHeading: (heading) => {
      if (!hasHeading) lines.heading = heading;
    },
    close: () => file.close(),
  };
}

/** What an earlier run left may have been cut short. */
async function endsLine(path: string | URL, size: number): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  // Who may only write is not told.
  if (file === undefined) return true;
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer.equals(NEWLINE);
  } finally {
    await file.close();
  }
}

function statsOf(file: InputFile) {
  return typeof file === 'number' ? promisify(fstat)(file) : stat(file);
}

function intoStream(stream: Writable): RejectSink {
  // Its error is told by the write that failed; nobody else may be listening.
  const ignore = () => {};
  stream.on('error', ignore);
  const lines = new Lines(
    (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
  );
  return {
    take: ({ data }) => lines.write(data),
    setHeading: (heading) => {
      lines.heading = heading;
    },
    close: () => {
      // A stream emits its error after the write's callback.
      if (!stream.errored) stream.off('error', ignore);
      return Promise.resolve();
    },
  };
}

class Lines {
  readonly #append: (bytes: Buffer) => Promise<void>;
  heading: string | undefined;
  /** What stands there already ends in the middle of a line. */
  isInside = false;

  constructor(append: (bytes: Buffer) => Promise<void>) {
    this.#append = append;
  }

  write(line: Buffer): Promise<void> {
    const before = this.isInside ? [NEWLINE] : [];
    if (this.heading !== undefined) before.push(Buffer.from(this.heading), NEWLINE);
    this.isInside = false;
    this.heading = undefined;
    return this.#append(Buffer.concat([...before, line, NEWLINE]));
  }
}

export function describeFileError(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file or directory';
  if (error.code === 'EACCES') return 'permission denied';
  if (error.code === 'EISDIR') return 'it is a directory';
  return error.message;
}
