// Drives one Node client: callers that each await their call, for a time or a number of records.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { build, type Histogram } from 'hdr-histogram-js';
import type { NodeClient } from './node-client';
import { averageBytes, buildPool, cutIntoCalls, POOL_RECORDS } from './record-pool';
import type { TrialResult, TrialSpec } from './trial';
import { isSingle } from './workloads';

interface Phase {
  seconds: number;
  records?: number;
  /** Least time between the beginnings of two calls. */
  intervalMs: number;
  latencyUs?: Histogram;
}

/** Calls the client in turn and gives back how many calls were acknowledged. */
async function runPhase(call: () => Promise<unknown>, callers: number, perCall: number, phase: Phase) {
  const callLimit = phase.records === undefined ? Infinity : Math.ceil(phase.records / perCall);
  const begun = performance.now();
  const deadline = phase.records === undefined ? performance.now() + phase.seconds * 1000 : Infinity;
  let started = 0;
  let acknowledged = 0;
  const { latencyUs } = phase;

  async function caller() {
    let now = performance.now();
    while (now < deadline && started < callLimit) {
      const wait = begun + started++ * phase.intervalMs - now;
      if (wait > 0) {
        await sleep(wait);
        now = performance.now();
      }
      await call();
      acknowledged++;
      const end = performance.now();
      latencyUs?.recordValue(Math.max(1, Math.round((end - now) * 1000)));
      now = end;
    }
  }
  await Promise.all(Array.from({ length: callers }, caller));
  return acknowledged;
}

/** The client's call, going round the pool. */
function nextCall(client: NodeClient, spec: TrialSpec): () => Promise<unknown> {
  const built = buildPool(spec.workload, spec.topic);
  const pool = client.prepare ? built.map(client.prepare) : built;
  let next = 0;
  if (isSingle(spec.workload)) {
    if (!client.sendOne) throw new Error(`${spec.contender} has no single sends`);
    const sendOne = client.sendOne.bind(client);
    return () => sendOne(pool[next++ % POOL_RECORDS]!);
  }
  if (!client.sendBatch) throw new Error(`${spec.contender} has no batches`);
  const sendBatch = client.sendBatch.bind(client);
  const calls = cutIntoCalls(pool, spec.workload.recordsPerCall);
  return () => sendBatch(calls[next++ % calls.length]!);
}

export async function measure(client: NodeClient, spec: TrialSpec): Promise<TrialResult> {
  const { recordsPerSecond } = spec;
  const { recordsPerCall, callsInFlight } = spec.workload;
  const intervalMs = recordsPerSecond === undefined ? 0 : (1000 * recordsPerCall) / recordsPerSecond;
  const call = nextCall(client, spec);
  // Acceptance says nothing about flight, so such a client is fed by one caller and limited by its own queue.
  const callers = client.drain ? 1 : callsInFlight;

  const warmupCalls = await runPhase(call, callers, recordsPerCall, {
    seconds: spec.warmupSeconds,
    intervalMs,
  });
  await client.drain?.();

  const latencyUs = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });
  const loopDelay = monitorEventLoopDelay({ resolution: 1 });
  loopDelay.enable();
  const loopBefore = performance.eventLoopUtilization();
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const calls = await runPhase(call, callers, recordsPerCall, {
    seconds: spec.seconds,
    records: spec.records,
    intervalMs,
    latencyUs,
  });
  await client.drain?.();
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const loop = performance.eventLoopUtilization(loopBefore);
  loopDelay.disable();

  const records = calls * recordsPerCall;
  const percentile = (p: number) => latencyUs.getValueAtPercentile(p) / 1000;
  return {
    records,
    bytes: Math.round(records * averageBytes(spec.workload)),
    seconds,
    cpuUs: cpu.user + cpu.system,
    rssPeak: process.resourceUsage().maxRSS * 1024,
    latencyMs: client.drain ? null : { p50: percentile(50), p95: percentile(95), p99: percentile(99) },
    eventLoopDelayMs: { p99: loopDelay.percentile(99) / 1e6, max: loopDelay.max / 1e6 },
    eventLoopBusy: loop.utilization,
    versions: { node: process.versions.node, ...client.versions },
    recordsSent: records + warmupCalls * recordsPerCall,
  };
}
