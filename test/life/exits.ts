// Processes that end, in every way there is, with records in flight.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface Ending {
  code: number | null;
  signal: string | null;
}

/** What a process does in the end, and how it has then ended. */
export const WAYS: Record<string, Ending> = {
  exit: { code: 7, signal: null },
  throw: { code: 1, signal: null },
  sigterm: { code: null, signal: 'SIGTERM' },
  'sigterm-handled': { code: 0, signal: null },
  idle: { code: 0, signal: null },
  terminate: { code: 0, signal: null },
};

const HANGS_AFTER_MS = 30_000;

/** @throws Error when `dist` is missing, which the processes run. */
export function endProcess(way: string): Promise<Ending> {
  if (!existsSync(path.join(__dirname, '../../dist/index.js')))
    throw new Error('dist is missing: npm run build:ts');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(__dirname, 'exit-with-records.cjs'), way], {
      stdio: 'ignore',
    });
    // SIGKILL is no way's ending: a hang shows.
    const hang = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER_MS);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(hang);
      resolve({ code, signal });
    });
  });
}
