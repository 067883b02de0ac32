// The pace of workloads that are not driven to the limit: a share of what the same contender reached in another workload
// of the same run. A fixed pace would be a different share on each machine and for each client.
import { type Series, summarize } from './report/run-results';
import type { Workload } from './workloads';

/** Records a second, from the median of the trials so far; undefined without pace, or where none of them counts. */
export function paceOf({ pace }: Workload, contender: string, soFar: readonly Series[]): number | undefined {
  const full = soFar.find((one) => one.workload === pace?.of && one.contender === contender);
  const summary = full && summarize(full);
  return pace && summary && summary.recordsPerSecond.median * pace.share;
}
