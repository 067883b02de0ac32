// Runs a compiler before the first trial, and says what it printed when it fails.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { CACHE } from './contender';

const run = promisify(execFile);

export async function build(file: string, args: string[], cwd: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  try {
    await run(file, args, { cwd });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
