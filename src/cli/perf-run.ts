// Sends a synthetic load at a bounded pace and measures it: latency, CPU time, event loop delay.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { build, type Histogram } from 'hdr-histogram-js';
import { BatchError, MillraceError, type Producer, type ProducerRecord } from '../index';
import { InFlight } from './in-flight';
import type { SyntheticRecords } from './synthetic-records';
import type { Tally } from './tally';

const LONGEST_LATENCY_US = 3_600_000_000;
/** With a bounded throughput, a batch is at most what is due in this time: bursts would falsify latencies. */
const PACING_INTERVAL_S = 0.01;

export interface PerfLoad {
  records: number;
  valueBytes: number;
  /** Records per second; -1 for as many as possible. */
  throughput: number;
  batch: number;
  inFlight: number;
}

export interface PerfRun {
  load: PerfLoad;
  source: SyntheticRecords;
  producer: Pick<Producer, 'sendBatch'>;
  tally: Tally;
  onProgress: () => void;
  stop: AbortSignal;
}

export interface PerfMeasurement {
  /** In µs, from a batch's call to its answer, counted once for each of its records that was delivered. */
  latency: Histogram;
  /** User and system time of the whole process. */
  cpuMicroseconds: number;
  eventLoopDelayP99Ms: number;
}

export async function runLoad(run: PerfRun): Promise<PerfMeasurement> {
  const { load, source, tally, stop } = run;
  const latency = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_LATENCY_US,
    numberOfSignificantValueDigits: 3,
  });
  const loopDelay = monitorEventLoopDelay({ resolution: 1 });
  const inFlight = new InFlight(load.inFlight, stop);
  const batchSize = batchSizeOf(load);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  loopDelay.enable();
  while (tally.sent < load.records && !stop.aborted) {
    await inFlight.room();
    if (load.throughput > 0) await untilDue(start + (tally.sent / load.throughput) * 1_000, stop);
    if (stop.aborted) break;
    const batch = source.next(Math.min(batchSize, load.records - tally.sent));
    tally.sent += batch.length;
    inFlight.start(sendTimed(batch, run, latency));
  }
  await inFlight.drained();
  tally.stopClock();
  loopDelay.disable();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { latency, cpuMicroseconds: user + system, eventLoopDelayP99Ms: loopDelay.percentile(99) / 1e6 };
}

export function batchSizeOf({ batch, throughput }: Pick<PerfLoad, 'batch' | 'throughput'>): number {
  if (throughput <= 0) return batch;
  return Math.min(batch, Math.max(1, Math.floor(throughput * PACING_INTERVAL_S)));
}

async function untilDue(time: number, stop: AbortSignal): Promise<void> {
  const wait = time - performance.now();
  // Less than a timer can wait for is made up by the next batches.
  if (wait >= 1) await sleep(wait, undefined, { signal: stop }).catch(() => {});
}

async function sendTimed(batch: ProducerRecord[], run: PerfRun, latency: Histogram): Promise<void> {
  const { producer, tally, load } = run;
  const calledAt = performance.now();
  let delivered = batch.length;
  try {
    await producer.sendBatch(batch);
  } catch (error) {
    const codes = error instanceof BatchError ? error.errors.map(({ code }) => code) : null;
    for (const code of codes ?? batch.map(() => codeOf(error))) tally.countFailure(code);
    delivered -= codes?.length ?? batch.length;
  }
  const microseconds = Math.max(1, Math.round((performance.now() - calledAt) * 1_000));
  if (delivered > 0) latency.recordValueWithCount(Math.min(microseconds, LONGEST_LATENCY_US), delivered);
  tally.delivered += delivered;
  tally.deliveredBytes += delivered * load.valueBytes;
  run.onProgress();
}

function codeOf(error: unknown): string {
  return error instanceof MillraceError ? error.code : 'UNKNOWN';
}
