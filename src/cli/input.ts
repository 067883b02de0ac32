// The file or standard input that a command reads.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { describeFileError } from '../ingest/reject-sink';
import { UsageError } from './exit';

export interface Input {
  /** For messages. */
  name: string;
  /** Null where it cannot be known, as for a pipe. */
  size: number | null;
  /** A file's path, or standard input. */
  source: string | Readable;
}

/** `null` is standard input. */
export async function findInput(path: string | null): Promise<Input> {
  if (path === null) return { name: 'standard input', size: null, source: process.stdin };
  const cannot = (why: string): never => {
    throw new UsageError(`cannot read ${path}: ${why}`);
  };
  const failed = (error: NodeJS.ErrnoException) => cannot(describeFileError(error));
  const stats = await stat(path).catch(failed);
  if (stats.isDirectory()) cannot('it is a directory');
  await access(path, constants.R_OK).catch(failed);
  return { name: path, size: stats.isFile() ? stats.size : null, source: path };
}
