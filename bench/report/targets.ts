// What Millrace means to reach beside its peers: ratios of medians within one run.
import { type RunResults, type Summary, summarize } from './run-results';

export interface Verdict {
  workload: string;
  what: string;
  /** In words, such as `≥ 1.3`. */
  target: string;
  /** The figure reached. */
  reached: number;
  met: boolean;
}

type Figure = (summary: Summary) => number | undefined;

interface Target {
  workload: string;
  what: string;
  figure: Figure;
  /** Contenders whose best figure is the measure; without any, the figure stands for itself. */
  against?: readonly string[];
  /** Whether the best peer has the highest figure or the lowest. */
  best?: 'highest' | 'lowest';
  atLeast?: number;
  atMost?: number;
}

const NODE_PEERS = [
  'node-rdkafka',
  'node-rdkafka-no-reports',
  'kafkajs',
  'platformatic-kafka',
  'confluent',
] as const;
const rate: Figure = ({ recordsPerSecond }) => recordsPerSecond.median;
const cpu: Figure = ({ cpuUsPerRecord }) => cpuUsPerRecord?.median;

const TARGETS: readonly Target[] = [
  { workload: 'batch-100', what: 'rate × franz-go', figure: rate, against: ['franz-go'], atLeast: 1.3 },
  { workload: 'batch-100', what: 'rate × C loop', figure: rate, against: ['c-loop'], atLeast: 0.75 },
  { workload: 'batch-100', what: 'rate × best Node peer', figure: rate, against: NODE_PEERS, atLeast: 6 },
  { workload: 'batch-100', what: 'rate × kafkajs', figure: rate, against: ['kafkajs'], atLeast: 13 },
  {
    workload: 'batch-100',
    what: 'CPU a record × franz-go',
    figure: cpu,
    against: ['franz-go'],
    atMost: 0.55,
  },
  ...['batch-1k', 'batch-10k'].flatMap((workload): Target[] => [
    {
      workload,
      what: 'rate × better of franz-go and C loop',
      figure: rate,
      against: ['franz-go', 'c-loop'],
      atLeast: 0.95,
    },
    { workload, what: 'CPU a record × franz-go', figure: cpu, against: ['franz-go'], atMost: 1 },
  ]),
  {
    workload: 'single-1',
    what: 'p50 × best Node peer',
    figure: ({ p50Ms }) => p50Ms?.median,
    against: NODE_PEERS,
    best: 'lowest',
    atMost: 0.75,
  },
  {
    workload: 'single-1',
    what: 'p99 × best Node peer',
    figure: ({ p99Ms }) => p99Ms?.median,
    against: NODE_PEERS,
    best: 'lowest',
    atMost: 1,
  },
  { workload: 'single-100', what: 'rate × best Node peer', figure: rate, against: NODE_PEERS, atLeast: 3 },
  { workload: 'single-1000', what: 'rate × best Node peer', figure: rate, against: NODE_PEERS, atLeast: 5 },
  { workload: 'single-10000', what: 'rate × best Node peer', figure: rate, against: NODE_PEERS, atLeast: 8 },
  {
    workload: 'batch-100',
    what: 'event-loop delay p99, ms',
    figure: ({ loopDelayP99Ms }) => loopDelayP99Ms?.median,
    atMost: 5,
  },
  {
    workload: 'paced',
    what: 'JavaScript thread busy, %',
    figure: ({ loopBusyPercent }) => loopBusyPercent?.median,
    atMost: 50,
  },
];

const GROWN: readonly [what: string, figure: Figure][] = [
  ['RSS at 10⁸ records × at 10⁶', ({ rssPeakMb }) => rssPeakMb.median],
  ['CPU a record at 10⁸ records × at 10⁶', cpu],
];

/** Of the targets that this run has figures for. */
export function verdicts(run: RunResults): Verdict[] {
  const figureOf = (workload: string, contender: string, figure: Figure): number | undefined => {
    const series = run.series.find((one) => one.workload === workload && one.contender === contender);
    const summary = series && summarize(series);
    return summary && figure(summary);
  };
  const found: Verdict[] = [];
  for (const { workload, what, figure, against, best = 'highest', atLeast, atMost } of TARGETS) {
    const own = figureOf(workload, 'millrace', figure);
    if (own === undefined) continue;
    let reached = own;
    if (against !== undefined) {
      const peers = against
        .map((name) => figureOf(workload, name, figure))
        .filter((value) => value !== undefined);
      if (peers.length === 0) continue;
      reached = own / (best === 'highest' ? Math.max(...peers) : Math.min(...peers));
    }
    found.push({
      workload,
      what,
      target: atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`,
      reached,
      met: reached >= (atLeast ?? -Infinity) && reached <= (atMost ?? Infinity),
    });
  }
  for (const [what, figure] of GROWN) {
    const [late, early] = ['growth-1e8', 'growth-1e6'].map((workload) =>
      figureOf(workload, 'millrace', figure),
    );
    if (late === undefined || early === undefined) continue;
    const reached = late / early;
    found.push({
      workload: 'growth-1e8',
      what,
      target: '0.9–1.1',
      reached,
      met: reached >= 0.9 && reached <= 1.1,
    });
  }
  return found;
}
