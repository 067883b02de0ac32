// The README's picture: how many records a second every client sends in a workload.
import { barChart } from './charts';
import { type RunResults, summarize } from './run-results';

/** Of the run's first workload that has figures; undefined when none has. */
export function overview(run: RunResults): string | undefined {
  for (const { name, title } of run.workloads) {
    const bars = run.series
      .filter(({ workload }) => workload === name)
      .flatMap((one) => {
        const summary = summarize(one);
        return summary === undefined ? [] : [{ name: one.contender, spread: summary.recordsPerSecond }];
      })
      .sort((a, b) => b.spread.median - a.spread.median);
    if (bars.length > 0) return barChart(`Records a second: ${title}`, bars, 760);
  }
  return undefined;
}
