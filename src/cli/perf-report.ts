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
  const loopDelay = `event loop delay 99 % ${rounded(measured.eventLoopDelayP99Ms)} ms`;
  const lines = [`${interrupted ? 'Interrupted: ' : ''}${summaryLine(tally)}`];
  const cpu = cpuPerRecord(tally, measured);
  if (cpu === null) {
    lines.push(`latency: none, since nothing was delivered; ${loopDelay}`);
  } else {
    const percentiles = PERCENTILES.map((p) => `${p} % ${ms(percentile(latency, p))}`);
    const whose = embedded ? ' (producer and embedded broker together: they share this process)' : '';
    lines.push(`latency: mean ${ms(latency.mean)}, ${percentiles.join(', ')}, max ${ms(latency.maxValue)}`);
    lines.push(`${rounded(cpu)} µs of CPU per record${whose}; ${loopDelay}`);
  }
  for (const [code, failures] of Object.entries(tally.failuresByCode)) {
    lines.push(`failed with ${code}: ${count(failures)}`);
  }
  return lines.join('\n');
}

export function perfJson({ topic, load, tally, measured, embedded, interrupted }: PerfOutcome): string {
  const { latency } = measured;
  const inMs = (microseconds: number) => (latency.totalCount === 0 ? null : microseconds / 1_000);
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
      mean: inMs(latency.mean),
      ...Object.fromEntries(PERCENTILES.map((p) => [`p${p}`, inMs(percentile(latency, p))])),
      max: inMs(latency.maxValue),
    },
    cpuMicrosecondsPerRecord: cpuPerRecord(tally, measured),
    eventLoopDelayP99Ms: measured.eventLoopDelayP99Ms,
  });
}

/** The histogram tells the upper end of a bucket, which may lie beyond the largest value in it. */
function percentile(latency: Histogram, percent: number): number {
  return Math.min(latency.getValueAtPercentile(percent), latency.maxValue);
}

/** null: nothing was delivered. */
function cpuPerRecord(tally: Tally, measured: PerfMeasurement): number | null {
  return tally.delivered === 0 ? null : measured.cpuMicroseconds / tally.delivered;
}

function ms(microseconds: number): string {
  return `${rounded(microseconds / 1_000)} ms`;
}
