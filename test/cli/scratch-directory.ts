// A directory for a test file's inputs and outputs, gone when its tests are over.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

export class ScratchDirectory {
  private readonly directory = mkdtempSync(path.join(tmpdir(), 'millrace-cli-'));

  constructor() {
    afterAll(() => rmSync(this.directory, { recursive: true }));
  }

  path(name: string): string {
    return path.join(this.directory, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }
}
