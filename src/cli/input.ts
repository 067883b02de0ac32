// The file or standard input that `produce` reads, in chunks.
import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { UsageError } from './exit';

const CHUNK_BYTES = 256 * 1024;

export interface Input {
  /** For messages. */
  name: string;
  /** Null where it cannot be known, as for a pipe. */
  size: number | null;
  bytesRead: number;
  /** Throws an AbortError after `stop`. */
  chunks(stop: AbortSignal): AsyncGenerator<Buffer>;
  /** Whether this is the same file on disk. */
  isFile(identity: FileIdentity): boolean;
}

export interface FileIdentity {
  dev: number;
  ino: number;
}

/** `null` is standard input. */
export async function openInput(file: string | null): Promise<Input> {
  if (file === null) return inputOf('standard input', null, null, () => process.stdin);
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${file}: ${describeFileError(error)}`);
  });
  const stats = await handle.stat();
  if (stats.isDirectory()) {
    await handle.close();
    throw new UsageError(`cannot read ${file}: it is a directory`);
  }
  return inputOf(file, stats.isFile() ? stats.size : null, stats, () =>
    handle.createReadStream({ highWaterMark: CHUNK_BYTES }),
  );
}

export function describeFileError(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file or directory';
  if (error.code === 'EACCES') return 'permission denied';
  if (error.code === 'EISDIR') return 'it is a directory';
  return error.message;
}

function inputOf(
  name: string,
  size: number | null,
  identity: FileIdentity | null,
  openStream: () => Readable,
): Input {
  return {
    name,
    size,
    bytesRead: 0,
    async *chunks(stop) {
      for await (const chunk of addAbortSignal(stop, openStream()) as AsyncIterable<Buffer>) {
        this.bytesRead += chunk.length;
        yield chunk;
      }
    },
    isFile: (other) => identity?.dev === other.dev && identity.ino === other.ino,
  };
}
