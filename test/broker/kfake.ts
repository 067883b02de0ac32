// A broker of a third make for the core tests: kfake, franz-go's Kafka in memory, run by the Go program of the folder of
// the same name. It shares no code with Apache's broker nor with librdkafka's mock cluster.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const SOURCE = path.join(__dirname, 'kfake');
const BINARY = path.join(__dirname, '..', '..', 'node_modules', '.cache', 'millrace-kfake');

const run = promisify(execFile);

/** Why kfake cannot be built here, or undefined where it can. */
export function goMissing(): string | undefined {
  // It fails where Go is older than go.mod wants, unless it may and can fetch a newer one.
  const { error, status, stderr } = spawnSync('go', ['list', '-m'], { cwd: SOURCE, encoding: 'utf8' });
  if (error) return 'Go is missing (go cannot be run)';
  return status === 0 ? undefined : `Go cannot build kfake (${stderr.trim()})`;
}

export class Kfake {
  /** Builds it, which takes half a minute the first time, and starts three brokers. */
  static async start(): Promise<Kfake> {
    try {
      await run('go', ['build', '-buildvcs=false', '-o', BINARY, '.'], { cwd: SOURCE });
    } catch (error) {
      throw new Error(`kfake could not be built:\n${(error as { stderr?: string }).stderr}`, {
        cause: error,
      });
    }
    const child = spawn(BINARY, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [addresses] = await Promise.race([
      once(createInterface(child.stdout), 'line'),
      ended.then(([code]) => Promise.reject(new Error(`kfake ended with ${code} while starting`))),
    ]);
    // A kfake that nobody stopped must not keep this process alive; it ends as its input does.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref();
    return new Kfake(addresses, async () => {
      child.ref();
      child.stdin.end();
      await ended;
    });
  }

  private constructor(
    /** A comma-separated list, for `bootstrap.servers`. */
    readonly bootstrapServers: string,
    readonly stop: () => Promise<void>,
  ) {}
}
