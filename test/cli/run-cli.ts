// Runs the built program as a user would, and waits for its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  child: ChildProcess;
  /** Resolves when the text has appeared on stdout or stderr. */
  printed(text: string): Promise<void>;
  ended: Promise<CliResult>;
}

export function startCli(...args: string[]): RunningCli {
  if (!existsSync(MAIN)) throw new Error('These tests run the built program: npm run build:ts first');
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...output }));
  });
  const printed = async (text: string) => {
    while (!output.stdout.includes(text) && !output.stderr.includes(text)) {
      const isOver = await Promise.race([ended.then(() => true), new Promise((go) => setTimeout(go, 10))]);
      if (isOver) throw new Error(`Ended without printing ${text}: ${JSON.stringify(await ended)}`);
    }
  };
  return { child, printed, ended };
}

export async function runCli(args: string[], stdin: string | Buffer = ''): Promise<CliResult> {
  const { child, ended } = startCli(...args);
  child.stdin?.on('error', () => {}).end(stdin);
  return ended;
}
