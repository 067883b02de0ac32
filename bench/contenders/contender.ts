// What the runner must know of a contender to start a trial of it, and how Node clients' trials start.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { features } from 'node-rdkafka';
import type { TrialSpec } from '../trial';
import type { Workload } from '../workloads';

export interface Command {
  file: string;
  args: string[];
}

export interface Contender {
  name: string;
  /** What a reader must know beside the figures: idempotence, batching, what is left out. */
  note: string;
  /** Why it cannot run here, this workload or (without one) any, with the remedy; undefined where it can. */
  missing?(workload?: Workload): string | undefined;
  supports?(workload: Workload): boolean;
  /**
   * What does not work with librdkafka's mock cluster: 'idempotence', where the client gets no producer id (kafkajs asks
   * the controller for it, which the mock does not have; platformatic-kafka's request is refused); or 'all', where it
   * cannot read the mock's answer to a newer ApiVersions request.
   */
  needsRealKafka?: 'idempotence' | 'all';
  /**
   * Linger for batches, of 0 and 5 ms what gives this client the higher rate; default 0. Single sends do without: a lone
   * caller that awaits every record pays the linger on each of them.
   */
  batchLingerMs?: number;
  /** Sends records without a key even where the workload has keys. */
  dropsKeys?: boolean;
  /** Compiles what needs compiling, before the first trial. */
  prepare?(): Promise<void>;
  command(spec: TrialSpec): Command;
}

const ROOT = path.join(__dirname, '..', '..');
export const CACHE = path.join(ROOT, 'node_modules', '.cache', 'millrace-bench');
// A package of their own below the contenders: a package.json beside millrace.ts would end the package `millrace` there.
const PEERS = path.join(__dirname, 'peers', 'node_modules');
export const INSTALL_PEERS = 'npm install --prefix bench/contenders/peers --ignore-scripts';

/** A trial of the adapter `contenders/<adapter>.ts` in a fresh Node process. */
export function nodeCommand(adapter: string, spec: TrialSpec, node = process.execPath): Command {
  const script = path.join(__dirname, '..', 'node-trial.ts');
  return { file: node, args: ['--import', 'tsx', script, adapter, JSON.stringify(spec)] };
}

export function peerFileExists(...parts: string[]): boolean {
  return existsSync(path.join(PEERS, ...parts));
}

/** For who compresses with the librdkafka that node-rdkafka brings: zstd is in it only where its headers were. */
export function codecMissing(workload?: Workload): string | undefined {
  if (workload?.compression !== 'zstd' || features.includes('zstd')) return undefined;
  return 'not run: librdkafka was built without zstd (install libzstd-dev, then npm rebuild node-rdkafka)';
}

/** A Node of at least this version: the running one, or the binary that the peers' package.json brings. */
export function nodeSince(major: number, minor: number): string | undefined {
  const [runningMajor = 0, runningMinor = 0] = process.versions.node.split('.').map(Number);
  if (runningMajor > major || (runningMajor === major && runningMinor >= minor)) return process.execPath;
  const bundled = path.join(PEERS, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  return existsSync(bundled) ? bundled : undefined;
}
