// bench/results.md: every table of a run, and what is needed to judge it.
import { type RunResults, versionsOf } from './run-results';
import { markdownTable } from './table';
import { verdicts, verdictTable } from './verdicts';

/** What a reader must know of how the figures came about. */
export const METHOD: readonly string[] = [
  'A trial counts when the partitions’ end offsets add up to what was sent, warm-up included, and the last records of ' +
    'the partitions have the expected key, value, headers, timestamp and partition.',
  'CPU is user and system time of the client’s process alone; the cluster runs in a process of its own. Latency is ' +
    'that of a call, from call to acknowledgement. Loop delay is Node’s, sampled every millisecond, so about 1 ms is ' +
    'none; loop busy is the JavaScript thread’s share of the time.',
  'A Kafka that was started for the run takes records for half a minute before the first trial: a JVM that has just ' +
    'started is half as fast.',
  'Records are prepared before the clock starts: strings for the Node clients unless the workload says bytes, bytes for the others.',
];

export function about(run: RunResults): string[] {
  const { machine } = run;
  return [
    `Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB; ${machine.os}; Node ${machine.node}.`,
    `Cluster: ${run.cluster}.`,
    `${run.trialsEach} trials each, contenders taking turns, a fresh process and topic for every trial, ${run.length}. ` +
      'Figures are medians over the trials that count; min–max is of the rate.',
    ...(run.leftOut?.length ? [`Left out of this run: ${run.leftOut.join(', ')}.`] : []),
  ];
}

export function markdown(run: RunResults): string {
  const tables = run.workloads.map(({ name, title, settings }) => {
    const series = run.series.filter((one) => one.workload === name);
    return `## \`${name}\`: ${title}\n\n${settings}.\n\n${markdownTable(series)}\n`;
  });
  const reached = verdictTable(verdicts(run));
  const targets = reached === '' ? '' : `## Targets\n\n${reached}\n\n`;
  const points = [...about(run), ...METHOD].map((text) => `* ${text}`).join('\n');
  const clients = run.contenders.map(
    ({ name, note }) => `| ${name} | ${versionsOf(run, name).replaceAll('|', '/')} | ${note} |`,
  );
  return `# Benchmark results

Written by \`npm run bench -- --write\` on ${run.date}.

${points}

| client | versions | notes |
| --- | --- | --- |
${clients.join('\n')}

${targets}${tables.join('\n')}`;
}
