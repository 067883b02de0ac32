// A run made up, so that reports can be told what they must say.
import type { RunResults, Series } from '../../bench/report/run-results';
import type { TrialResult } from '../../bench/trial';

export function trial(
  recordsPerSecond: number,
  cpuUsPerRecord: number,
  given: Partial<TrialResult> = {},
): TrialResult {
  const records = recordsPerSecond * 2;
  return {
    records,
    bytes: records * 111,
    seconds: 2,
    cpuUs: records * cpuUsPerRecord,
    rssPeak: 150e6,
    latencyMs: { p50: 10, p95: 20, p99: 30 },
    eventLoopDelayMs: { p99: 2, max: 9 },
    eventLoopBusy: 0.4,
    versions: { client: '1.2.3' },
    recordsSent: records,
    ...given,
  };
}

export function series(contender: string, trials: TrialResult[], given: Partial<Series> = {}): Series {
  return { workload: 'batch-100', contender, trials, failures: [], ...given };
}

export function fixedRun(all: Series[]): RunResults {
  return {
    date: '2026-11-23',
    machine: { cpu: 'A <fast> CPU', cores: 2, memoryGib: 24, os: 'Linux 6 x64', node: '20.20.2' },
    cluster: 'Apache Kafka 4.1.1, one broker',
    trialsEach: 3,
    length: '2 s after 1 s of warm-up',
    contenders: [...new Set(all.map(({ contender }) => contender))].map((name) => ({
      name,
      note: `note of ${name}`,
    })),
    workloads: [...new Set(all.map(({ workload }) => workload))].map((name) => ({
      name,
      title: `title of ${name}`,
      settings: 'settings',
    })),
    series: all,
  };
}

export const usualRun = fixedRun([
  series('millrace', [trial(900_000, 0.5), trial(1_200_000, 0.4), trial(1_000_000, 0.45)]),
  series('franz-go', [trial(500_000, 1, { eventLoopDelayMs: null, eventLoopBusy: undefined })]),
  series('node-rdkafka', [trial(100_000, 9)], { failures: ['the broker holds 1 records of 2'] }),
  series('node-rdkafka-no-reports', [trial(250_000, 4, { latencyMs: null })]),
  series('platformatic-kafka', [], { missing: 'not run: needs Node >= 22.22 | a newer one' }),
]);
