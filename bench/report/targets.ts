// What Millrace means to reach: ratios of medians within one run. How they are judged is in verdicts.ts.
import type { Summary } from './run-results';

export type Figure = (summary: Summary) => number | undefined;

export interface Target {
  workload: string;
  /** Whose figure it is about: Millrace's main API unless named. */
  contender?: string;
  what: string;
  figure: Figure;
  /** What the figure is divided by; without it, it stands for itself. */
  against?: {
    /** The best figure of these. */
    contenders: readonly string[];
    best?: 'highest' | 'lowest';
    /** Where it is not the same workload. */
    workload?: string;
  };
  atLeast?: number;
  atMost?: number;
}

/** Without delivery reports there are no single sends to be awaited. */
const SINGLE_PEERS = ['node-rdkafka', 'kafkajs', 'platformatic-kafka', 'confluent'];
const NODE_PEERS = [...SINGLE_PEERS, 'node-rdkafka-no-reports'];

const rate: Figure = ({ recordsPerSecond }) => recordsPerSecond.median;
const cpu: Figure = ({ cpuUsPerRecord }) => cpuUsPerRecord?.median;
const p50: Figure = ({ p50Ms }) => p50Ms?.median;
const p99: Figure = ({ p99Ms }) => p99Ms?.median;
const loopDelay: Figure = ({ loopDelayP99Ms }) => loopDelayP99Ms?.median;
const loopBusy: Figure = ({ loopBusyPercent }) => loopBusyPercent?.median;
const memory: Figure = ({ rssPeakMb }) => rssPeakMb.median;

const toContenders = (...contenders: string[]) => ({ contenders });
const toNodePeers = { contenders: NODE_PEERS };
const toSinglePeers = { contenders: SINGLE_PEERS };
const toLowest = { contenders: SINGLE_PEERS, best: 'lowest' } as const;
const toOwn = (workload: string) => ({ contenders: ['millrace'], workload });

const batches: readonly Target[] = [
  { what: 'rate × franz-go', figure: rate, against: toContenders('franz-go'), atLeast: 1.3 },
  { what: 'rate × C loop', figure: rate, against: toContenders('c-loop'), atLeast: 0.75 },
  { what: 'rate × best Node peer', figure: rate, against: toNodePeers, atLeast: 6 },
  { what: 'rate × kafkajs', figure: rate, against: toContenders('kafkajs'), atLeast: 13 },
  { what: 'CPU a record × franz-go', figure: cpu, against: toContenders('franz-go'), atMost: 0.55 },
  { what: 'event-loop delay p99, ms', figure: loopDelay, atMost: 5 },
].map((target) => ({ workload: 'batch-100', ...target }));

const largeValues = ['batch-1k', 'batch-10k', 'bytes-1k', 'bytes-10k'].flatMap((workload): Target[] => [
  {
    workload,
    what: 'rate × better of franz-go and C loop',
    figure: rate,
    against: toContenders('franz-go', 'c-loop'),
    atLeast: 0.95,
  },
  {
    workload,
    what: 'CPU a record × franz-go',
    figure: cpu,
    against: toContenders('franz-go'),
    atMost: 1,
  },
]);

const singles: readonly Target[] = [
  {
    workload: 'single-1',
    what: 'p50 × best Node peer',
    figure: p50,
    against: toLowest,
    atMost: 0.75,
  },
  {
    workload: 'single-1',
    what: 'p99 × best Node peer',
    figure: p99,
    against: toLowest,
    atMost: 1,
  },
  ...Object.entries({ 'single-100': 3, 'single-1000': 5, 'single-10000': 8 }).map(([workload, atLeast]) => ({
    workload,
    what: 'rate × best Node peer',
    figure: rate,
    against: toSinglePeers,
    atLeast,
  })),
];

const paced: readonly Target[] = [
  // A thread that is idle because the pace was missed would prove nothing.
  { workload: 'paced', what: 'rate × full rate', figure: rate, against: toOwn('batch-100'), atLeast: 0.48 },
  { workload: 'paced', what: 'JavaScript thread busy, %', figure: loopBusy, atMost: 50 },
];

const growth: readonly Target[] = [
  { what: 'RSS at 10⁸ records × at 10⁶', figure: memory },
  { what: 'CPU a record at 10⁸ records × at 10⁶', figure: cpu },
].map((target) => ({
  workload: 'growth-1e8',
  ...target,
  against: toOwn('growth-1e6'),
  atLeast: 0.9,
  atMost: 1.1,
}));

const dropIn: readonly Target[] = [
  {
    workload: 'batch-100',
    what: 'millrace-kafkajs: rate × millrace',
    figure: rate,
    against: toContenders('millrace'),
    atLeast: 0.9,
  },
  ...Object.entries({ 'batch-100': 10, 'single-1000': 30 }).map(([workload, atLeast]) => ({
    workload,
    what: 'millrace-kafkajs: rate × kafkajs',
    figure: rate,
    against: toContenders('kafkajs'),
    atLeast,
  })),
].map((target) => ({ ...target, contender: 'millrace-kafkajs' }));

const pool: readonly Target[] = [
  { what: 'pool: rate × inline', figure: rate, against: toContenders('millrace'), atLeast: 1.3 },
  { what: 'pool: event-loop delay p99, ms', figure: loopDelay, atMost: 10 },
].map((target) => ({ workload: 'json-to-avro', contender: 'millrace-pool', ...target }));

export const TARGETS: readonly Target[] = [
  ...batches,
  ...paced,
  ...largeValues,
  ...singles,
  {
    workload: 'headers',
    what: 'rate × without headers',
    figure: rate,
    against: toOwn('batch-100'),
    atLeast: 0.6,
  },
  ...growth,
  ...dropIn,
  ...pool,
];

/** Of stages alone, in nanoseconds a key (16 bytes). */
export const MURMUR2_TARGETS = { cpp: 10, batchTimesCpp: 3 };
