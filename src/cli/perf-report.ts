// Tells a measured load, for people or as one JSON object.
import type { Histogram } from 'hdr-histogram-js';
import type { PerfLoad, PerfMeasurement } from './perf-run';
import { count, rounded, summaryLine } from './summary';
import type { Tally } from './tally';

const PERCENTILES = [50, 90, 95, 99, 99.9] as const;

export interface PerfOutcome {
  topic: string;
  load: PerfLoad;
  tally: Tally;
  measured: PerfMeasurement;
  /** Whether the broker ran in this process too. */
  embedded: boolean;
  interrupted: boolean;
}

export function perfText({ tally, measured, embedded, interrupted }: PerfOutcome): string {
  const { latency } = measured;
  const percentiles = PERCENTILES.map((p) => `${p} % ${ms(percentile(latency, p))}`);
  const cpu = `${rounded(cpuPerRecord(tally, measured))} µs of CPU per record`;
  const whose = embedded ? ' (producer and embedded broker together: they share this process)' : '';
  const lines = [
    `${interrupted ? 'Interrupted: ' : ''}${summaryLine(tally)}`,
    `latency: mean ${ms(latency.mean)}, ${percentiles.join(', ')}, max ${ms(latency.maxValue)}`,
    `${cpu}${whose}; event loop delay 99 % ${rounded(measured.eventLoopDelayP99Ms)} ms`,
  ];
  for (const [code, failures] of Object.entries(tally.failuresByCode)) {
    lines.push(`failed with ${code}: ${count(failures)}`);
  }
  return lines.join('\n');
}

export function perfJson({ topic, load, tally, measured, embedded, interrupted }: PerfOutcome): string {
  const { latency } = measured;
  return JSON.stringify({
    topic,
    ...load,
    embedded,
    interrupted,
    delivered: tally.delivered,
    failed: tally.failed,
    failuresByCode: tally.failuresByCode,
    seconds: tally.seconds,
    recordsPerSecond: tally.recordsPerSecond,
    megabytesPerSecond: tally.megabytesPerSecond,
    latencyMs: {
      mean: latency.totalCount === 0 ? null : latency.mean / 1_000,
      ...Object.fromEntries(PERCENTILES.map((p) => [`p${p}`, percentile(latency, p) / 1_000])),
      max: latency.maxValue / 1_000,
    },
    cpuMicrosecondsPerRecord: cpuPerRecord(tally, measured),
    eventLoopDelayP99Ms: measured.eventLoopDelayP99Ms,
  });
}

/** The histogram tells the upper end of a bucket, which may lie beyond the largest value in it. */
function percentile(latency: Histogram, percent: number): number {
  return Math.min(latency.getValueAtPercentile(percent), latency.maxValue);
}

function cpuPerRecord(tally: Tally, measured: PerfMeasurement): number {
  return measured.cpuMicroseconds / Math.max(1, tally.delivered);
}

function ms(microseconds: number): string {
  return `${rounded(microseconds / 1_000)} ms`;
}
