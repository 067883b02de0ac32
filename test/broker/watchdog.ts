// Ends processes and removes a directory when this process is gone, whatever way it went.
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

// The shell reads from a pipe which processes are there. The pipe closes even when this process ends by SIGKILL or
// by a crash in native code, where no exit handler of its own could run.
const SCRIPT = `
trap '' INT TERM HUP
while read -r line; do pids=$line; done
[ -z "$pids" ] || kill -9 $pids
rm -rf "$1"
`;

export class Watchdog {
  private readonly pids = new Set<number>();
  private readonly pipe: Socket;

  constructor(directory: string) {
    const shell = spawn('sh', ['-c', SCRIPT, 'watchdog', directory], { stdio: ['pipe', 'ignore', 'ignore'] });
    shell.unref();
    this.pipe = shell.stdin as Socket;
    this.pipe.unref();
    // A shell that somebody else ended must not take this process with it.
    this.pipe.on('error', () => {});
  }

  watch(pid: number): void {
    this.pids.add(pid);
    this.tell();
  }

  /** For a process that has ended: its id may soon be another's. */
  forget(pid: number): void {
    this.pids.delete(pid);
    this.tell();
  }

  /** Lets the watchdog do its work now. */
  release(): void {
    this.pipe.end();
  }

  private tell(): void {
    if (this.pipe.writable) this.pipe.write(`${[...this.pids].join(' ')}\n`);
  }
}
