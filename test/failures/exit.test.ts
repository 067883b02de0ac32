// The end of a process or of a worker thread with records in flight: no crash, no hang.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const ROUNDS = 10;

function run(way: string): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(__dirname, 'exit-with-records.cjs'), way], {
      stdio: 'ignore',
    });
    const hang = setTimeout(() => child.kill('SIGKILL'), 15_000);
    child.on('exit', (code, signal) => {
      clearTimeout(hang);
      resolve({ code, signal });
    });
  });
}

describe('with records in flight', () => {
  beforeAll(() => {
    if (!existsSync(join(__dirname, '../../dist/index.js')))
      throw new Error('dist is missing: npm run build:ts');
  });

  it.each([
    ['process.exit ends the process with its code', 'exit', 7],
    ['an uncaught exception ends it as always', 'throw', 1],
    ['a process whose producer is idle ends by itself', 'idle', 0],
    ['worker threads are terminated, and the process goes on', 'terminate', 0],
  ])(
    '%s',
    async (_title, way, code) => {
      for (let round = 0; round < ROUNDS; round++) expect(await run(way)).toEqual({ code, signal: null });
    },
    120_000,
  );
});
