// The file that collects the original text of every line that did not make it, fit to be produced again.
import { type FileHandle, open } from 'node:fs/promises';
import { UsageError } from './exit';
import { describeFileError, type Input } from './input';

const NEWLINE = Buffer.from('\n');

export class RejectsFile {
  private heading: string | null = null;
  // Writes to one handle must follow one another.
  private lastWrite: Promise<void> = Promise.resolve();

  private constructor(private readonly handle: FileHandle) {}

  /** Makes the file, empty, even if nothing will fail: an old one must not pass for this run's. */
  static async create(path: string, input: Input): Promise<RejectsFile> {
    // Opened without truncating, since it may turn out to be the input.
    const handle = await open(path, 'a').catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`cannot write ${path}: ${describeFileError(error)}`);
    });
    const stats = await handle.stat();
    if (input.isFile(stats)) {
      await handle.close();
      throw new UsageError(`--rejects ${path} is the input itself`);
    }
    if (stats.isFile()) await handle.truncate();
    return new RejectsFile(handle);
  }

  /** Goes before the first line, if there will be one. */
  setHeading(heading: string): void {
    this.heading = heading;
  }

  write(lines: readonly (Buffer | string)[]): Promise<void> {
    const parts: Buffer[] = [];
    if (this.heading !== null && lines.length > 0) {
      parts.push(Buffer.from(this.heading), NEWLINE);
      this.heading = null;
    }
    for (const line of lines) parts.push(Buffer.from(line as string), NEWLINE);
    const data = Buffer.concat(parts);
    this.lastWrite = this.lastWrite.then(() => this.handle.appendFile(data));
    return this.lastWrite;
  }

  async close(): Promise<void> {
    try {
      await this.lastWrite;
    } finally {
      await this.handle.close();
    }
  }
}
