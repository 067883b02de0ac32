// Several runs as one: what takes hours may be measured bit by bit, each workload with all that it is compared with.
import type { RunResults } from './run-results';

/**
 * Runs of the same machine, cluster and lengths, with workloads of their own.
 * @throws RangeError for runs whose figures must not stand side by side
 */
export function joined(runs: readonly [RunResults, ...RunResults[]]): RunResults {
  const [first, ...others] = runs;
  for (const run of others) ensureComparable(first, run);
  const workloads = runs.flatMap((run) => run.workloads);
  const twice = workloads.find(({ name }, i) => workloads.findIndex((one) => one.name === name) !== i);
  if (twice !== undefined) throw new RangeError(`workload ${twice.name} is in several runs`);
  const contenders = runs.flatMap((run) => run.contenders);
  const distinct = contenders.filter(({ name }, i) => contenders.findIndex((one) => one.name === name) === i);
  return {
    ...first,
    date: runs.map(({ date }) => date).sort()[runs.length - 1]!,
    contenders: distinct,
    leftOut: first.leftOut?.filter((name) => !distinct.some((one) => one.name === name)),
    workloads,
    series: runs.flatMap((run) => [
      ...run.series,
      // Who was not there must not look as if it took no part in such workloads at all.
      ...distinct
        .filter(({ name }) => !run.contenders.some((one) => one.name === name))
        .flatMap(({ name: contender }) =>
          run.workloads.map(({ name: workload }) => ({
            workload,
            contender,
            trials: [],
            failures: [],
            missing: 'not in this run',
          })),
        ),
    ]),
  };
}

function ensureComparable(a: RunResults, b: RunResults): void {
  for (const property of ['machine', 'cluster', 'trialsEach', 'length'] as const) {
    const [one, other] = [a, b].map((run) => JSON.stringify(run[property]));
    if (one !== other) throw new RangeError(`the runs differ in their ${property}: ${one} and ${other}`);
  }
}
