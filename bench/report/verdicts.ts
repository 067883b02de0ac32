// Which targets a run has reached, and who was not there to be compared with.
import { type RunResults, type Summary, summarize } from './run-results';
import { alignedTable } from './table';
import { MURMUR2_TARGETS, TARGETS, type Target } from './targets';

export interface Verdict {
  workload: string;
  what: string;
  /** In words, such as `≥ 1.3`. */
  target: string;
  /** Undefined where a figure for it is missing. */
  reached?: number;
  met?: boolean;
  /** Who belongs to the target and has no figure, and why. */
  absent: { name: string; why: string }[];
}

interface Bounds {
  atLeast?: number;
  atMost?: number;
}

/** Of the targets about workloads and contenders of this run. */
export function verdicts(run: RunResults): Verdict[] {
  return TARGETS.filter(({ workload, contender = 'millrace' }) =>
    run.series.some((one) => one.workload === workload && one.contender === contender),
  ).map((target) => verdictOf(run, target));
}

function verdictOf(run: RunResults, target: Target): Verdict {
  const { workload, contender = 'millrace', what, figure, against } = target;
  const absent: Verdict['absent'] = [];
  const figureOf = (name: string, where: string): number | undefined => {
    const found = lookUp(run, name, where);
    if (typeof found !== 'string') return found && figure(found);
    absent.push({ name, why: found });
    return undefined;
  };
  let reached = figureOf(contender, workload);
  if (against) {
    const { contenders, best = 'highest', workload: where = workload } = against;
    const peers = contenders.map((name) => figureOf(name, where)).filter((value) => value !== undefined);
    const measure = best === 'highest' ? Math.max(...peers) : Math.min(...peers);
    reached = reached === undefined || peers.length === 0 ? undefined : reached / measure;
  }
  return { workload, what, ...judged(reached, target), absent };
}

function judged(reached: number | undefined, { atLeast, atMost }: Bounds) {
  const target =
    atLeast === undefined ? `≤ ${atMost}` : atMost === undefined ? `≥ ${atLeast}` : `${atLeast}–${atMost}`;
  const met =
    reached === undefined ? undefined : reached >= (atLeast ?? -Infinity) && reached <= (atMost ?? Infinity);
  return { target, reached, met };
}

/** Its figures, or in words why there are none; undefined where it does not take part in such a workload. */
function lookUp(run: RunResults, contender: string, workload: string): Summary | string | undefined {
  if (!run.contenders.some(({ name }) => name === contender)) return 'not in this run';
  if (!run.series.some((one) => one.workload === workload)) return `no ${workload} in this run`;
  const series = run.series.find((one) => one.workload === workload && one.contender === contender);
  if (series === undefined) return undefined;
  return summarize(series) ?? reasonOf(series.missing ?? 'no valid trial');
}

/** Without the remedy, which stands in parentheses behind it. */
function reasonOf(missing: string): string {
  return missing.split(' (')[0]!;
}

export const VERDICT_COLUMNS = ['workload', 'what', 'target', 'reached', 'met', 'absent'] as const;

/** In the order of VERDICT_COLUMNS. A ratio to the best of some is certain only when all of them were there. */
export function cellsOf({ workload, what, target, reached, met, absent }: Verdict): string[] {
  const answer = met === undefined ? 'not measured' : !met ? 'no' : absent.length > 0 ? 'yes, so far' : 'yes';
  const reasons = [...new Set(absent.map(({ why }) => why))].map((reason) => {
    const names = absent.filter(({ why }) => why === reason).map(({ name }) => name);
    return `${names.join(', ')}: ${reason}`;
  });
  return [
    workload,
    what,
    target,
    reached?.toFixed(2) ?? '–',
    answer,
    reasons.join('; ').replaceAll('|', '/'),
  ];
}

/** In Markdown; empty without verdicts. The last column may be long, so it is not padded. */
export function verdictTable(all: readonly Verdict[]): string {
  if (all.length === 0) return '';
  const last = VERDICT_COLUMNS.length - 1;
  return alignedTable([[...VERDICT_COLUMNS], ...all.map(cellsOf)], [2, 3], (_cells, column) => column < last);
}

/** `cpp` and `batch`: nanoseconds a key, in a C++ loop and in one call from JavaScript; undefined where not measured. */
export function murmur2Verdicts(cpp: number | undefined, batch: number | undefined): Verdict[] {
  const absent = cpp === undefined ? [{ name: 'C++ loop', why: 'not run' }] : [];
  const limits = MURMUR2_TARGETS;
  const row = (what: string, reached: number | undefined, atMost: number) => ({
    workload: 'murmur2',
    what,
    ...judged(reached, { atMost }),
    absent,
  });
  return [
    row('C++, ns a key of 16 bytes', cpp, limits.cpp),
    row('one call from JavaScript × C++', cpp && batch && batch / cpp, limits.batchTimesCpp),
  ];
}
