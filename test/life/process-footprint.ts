// What this process holds of the system's: threads, open files, memory.
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Footprint {
  threads: number;
  files: number;
  rssMib: number;
}

/** Collects garbage, whether or not the process was started with --expose-gc. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** After a collection. */
export function footprint(): Footprint {
  collectGarbage();
  return {
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync('/proc/self/fd').length,
    rssMib: process.memoryUsage.rss() / (1024 * 1024),
  };
}
