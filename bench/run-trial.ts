// Runs one trial in a process of its own and gives back the JSON line that it ends with.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from './contenders/contender';
import type { TrialResult } from './trial';

const ERROR_TAIL_CHARACTERS = 2000;

let running: ChildProcess | undefined;

export async function runTrial({ file, args }: Command, timeoutSeconds: number): Promise<TrialResult> {
  // Its own process group: what a trial starts, such as a JVM, must end with it.
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running = child;
  let output = '';
  let errors = '';
  let late = false;
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-ERROR_TAIL_CHARACTERS);
  });
  const timer = setTimeout(() => {
    late = true;
    killRunningTrial();
  }, timeoutSeconds * 1000);
  try {
    const [code, signal] = await once(child, 'close');
    if (late) throw new Error(`no end after ${timeoutSeconds} s. ${errors.trim()}`);
    const line = output
      .split('\n')
      .reverse()
      .find((text) => text.startsWith('{"'));
    if (code !== 0 || !line) throw new Error(`process ended with ${signal ?? code}. ${errors.trim()}`);
    return JSON.parse(line) as TrialResult;
  } finally {
    clearTimeout(timer);
    running = undefined;
  }
}

/** For the runner's own end: a trial must not outlive it. */
export function killRunningTrial(): void {
  if (running?.pid === undefined) return;
  try {
    process.kill(-running.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
