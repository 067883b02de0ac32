// Trials into tables: medians with their spread, for the terminal and for results.md.
import os from 'node:os';
import type { Contender } from './contenders/contender';
import type { TrialResult } from './trial';
import type { Workload } from './workloads';

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

export interface Run {
  date: string;
  machine: { cpu: string; cores: number; memoryGib: number; os: string; node: string };
  cluster: string;
  trialsEach: number;
  length: string;
  series: Series[];
}

export function describeMachine(): Run['machine'] {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() || os.arch(),
    cores: cpus.length,
    memoryGib: Math.round(os.totalmem() / 1024 ** 3),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
  };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const rate = (trial: TrialResult) => trial.records / trial.seconds;
const whole = (value: number) => Math.round(value).toLocaleString('en-US');

/** The median of what the trials tell, or a dash where the client cannot tell it. */
function cell(
  trials: TrialResult[],
  pick: (trial: TrialResult) => number | null | undefined,
  digits: number,
) {
  const known = trials.map(pick).filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? '–' : median(known).toFixed(digits);
}

const columns = [
  'client',
  'records/s',
  'min–max',
  'CPU µs/record',
  'p50 ms',
  'p99 ms',
  'loop delay p99 ms',
  'RSS peak MB',
  '× millrace',
];

function row(series: Series, millraceRate: number | undefined): string[] {
  const { trials } = series;
  if (trials.length === 0) {
    const why = series.missing ?? `no valid trial: ${series.failures[0] ?? 'none was run'}`;
    return [series.contender, why.split('\n')[0]!.replaceAll('|', '/'), ...columns.slice(2).map(() => '')];
  }
  const rates = trials.map(rate);
  const lost = series.failures.length;
  return [
    series.contender + (lost > 0 ? ` (${lost} of ${lost + trials.length} trials failed)` : ''),
    whole(median(rates)),
    `${whole(Math.min(...rates))}–${whole(Math.max(...rates))}`,
    cell(trials, ({ cpuUs, records }) => (cpuUs === null ? null : cpuUs / records), 2),
    cell(trials, ({ latencyMs }) => latencyMs?.p50, 2),
    cell(trials, ({ latencyMs }) => latencyMs?.p99, 2),
    cell(trials, ({ eventLoopDelayMs }) => eventLoopDelayMs?.p99, 1),
    cell(trials, ({ rssPeak }) => rssPeak / 1e6, 0),
    millraceRate === undefined ? '–' : (median(rates) / millraceRate).toFixed(2),
  ];
}

/** One workload's table as Markdown, its columns padded so that a terminal shows it as well. */
export function table(series: Series[]): string {
  const millrace = series.find(({ contender }) => contender === 'millrace');
  const millraceRate = millrace?.trials.length ? median(millrace.trials.map(rate)) : undefined;
  const rows = [columns, ...series.map((one) => row(one, millraceRate))];
  // A reason instead of figures may be long; it runs over the columns beside it.
  const widths = columns.map((_, column) =>
    Math.max(
      3,
      ...rows.filter((cells) => cells[2] !== '' || column === 0).map((cells) => cells[column]!.length),
    ),
  );
  const line = (cells: string[]) => {
    const padded = cells.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)));
    return `| ${padded.join(' | ')} |`;
  };
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

export function markdown(run: Run, workloads: Workload[], contenders: Contender[]): string {
  const { machine } = run;
  const versions = new Map<string, string>();
  for (const { contender, trials } of run.series) {
    for (const { versions: told } of trials.slice(0, 1)) {
      versions.set(
        contender,
        Object.entries(told)
          .map((pair) => pair.join(' '))
          .join(', '),
      );
    }
  }
  const tables = workloads.map((workload) => {
    const { recordsPerCall, callsInFlight, partitions, lingerMs } = workload;
    const calls =
      recordsPerCall === 1
        ? `one record a call, each awaited, ${whole(callsInFlight)} callers`
        : `${whole(recordsPerCall)} records a call, ${callsInFlight} calls in flight`;
    const series = run.series.filter((one) => one.workload === workload.name);
    const intro = `${calls}, ${partitions} partitions, \`acks=all\`, linger ${lingerMs} ms, no compression.`;
    return `## \`${workload.name}\`: ${workload.title}\n\n${intro}\n\n${table(series)}\n`;
  });
  return `# Benchmark results

Written by \`npm run bench -- --write\` on ${run.date}.

* Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB; ${machine.os}; Node ${machine.node}.
* Cluster: ${run.cluster}.
* ${run.trialsEach} trials each, contenders taking turns, a fresh process and topic for every trial,
  ${run.length}. Figures are medians over the trials that count; min–max is of the rate.
* A trial counts when the partitions' end offsets add up to what was sent, warm-up included, and the last records
  of every partition have the expected key, value and partition.
* CPU is user and system time of the client's process; latency is that of a call, from call to acknowledgement.
  Loop delay is Node's, sampled every millisecond, so about 1 ms is none.
* Records are prepared before the clock starts: strings for the Node clients, bytes for the others.

| client | versions | notes |
| --- | --- | --- |
${contenders.map(({ name, note }) => `| ${name} | ${versions.get(name) ?? '–'} | ${note} |`).join('\n')}

${tables.join('\n')}`;
}
