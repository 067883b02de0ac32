// What a run leaves behind: the JSON document that `--json` writes and every report is made from.
import os from 'node:os';
import { type Spread, spreadOf } from '../statistics';
import type { TrialResult } from '../trial';

/** All trials of one contender in one workload. */
export interface Series {
  workload: string;
  contender: string;
  trials: TrialResult[];
  /** Why trials did not count. */
  failures: string[];
  /** Why there are none. */
  missing?: string;
}

export interface RunResults {
  /** YYYY-MM-DD */
  date: string;
  machine: { cpu: string; cores: number; memoryGib: number; os: string; node: string };
  cluster: string;
  trialsEach: number;
  /** How long a trial is, in words. */
  length: string;
  contenders: { name: string; note: string }[];
  /** Contenders that were not chosen. */
  leftOut?: string[];
  workloads: { name: string; title: string; settings: string }[];
  series: Series[];
}

export function describeMachine(): RunResults['machine'] {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() || os.arch(),
    cores: cpus.length,
    memoryGib: Math.round(os.totalmem() / 1024 ** 3),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
  };
}

/** A series in figures; undefined what the client cannot tell. */
export interface Summary {
  recordsPerSecond: Spread;
  megabytesPerSecond: Spread;
  cpuUsPerRecord?: Spread;
  p50Ms?: Spread;
  p95Ms?: Spread;
  p99Ms?: Spread;
  loopDelayP99Ms?: Spread;
  loopBusyPercent?: Spread;
  rssPeakMb: Spread;
}

/** Undefined when no trial counts. */
export function summarize({ trials }: Series): Summary | undefined {
  const of = (pick: (trial: TrialResult) => number | null | undefined) => spreadOf(trials.map(pick));
  const recordsPerSecond = of(({ records, seconds }) => records / seconds);
  if (recordsPerSecond === undefined) return undefined;
  return {
    recordsPerSecond,
    megabytesPerSecond: of(({ bytes, seconds }) => bytes / seconds / 1e6)!,
    cpuUsPerRecord: of(({ cpuUs, records }) => (cpuUs === null ? null : cpuUs / records)),
    p50Ms: of(({ latencyMs }) => latencyMs?.p50),
    p95Ms: of(({ latencyMs }) => latencyMs?.p95),
    p99Ms: of(({ latencyMs }) => latencyMs?.p99),
    loopDelayP99Ms: of(({ eventLoopDelayMs }) => eventLoopDelayMs?.p99),
    loopBusyPercent: of(({ eventLoopBusy }) => eventLoopBusy && eventLoopBusy * 100),
    rssPeakMb: of(({ rssPeak }) => rssPeak / 1e6)!,
  };
}

/** A contender's versions, as its trials told them; or why it had none. */
export function versionsOf(run: RunResults, contender: string): string {
  const own = run.series.filter((one) => one.contender === contender);
  const trial = own.find(({ trials }) => trials.length > 0)?.trials[0];
  if (trial === undefined) return own.find(({ missing }) => missing !== undefined)?.missing ?? '–';
  return Object.entries(trial.versions)
    .map((pair) => pair.join(' '))
    .join(', ');
}
