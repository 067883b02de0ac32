// What this process holds of the system's: threads, open files, memory.
import { readdirSync } from 'node:fs';

export interface Footprint {
  threads: number;
  files: number;
  rssMib: number;
}

/** After a collection, where the process was started with --expose-gc. */
export function footprint(): Footprint {
  globalThis.gc?.();
  return {
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync('/proc/self/fd').length,
    rssMib: process.memoryUsage.rss() / (1024 * 1024),
  };
}
