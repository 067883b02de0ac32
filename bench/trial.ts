// What the runner hands to a trial's process, and the one JSON line that it gets back.
import type { Workload } from './workloads';

export interface TrialSpec {
  contender: string;
  workload: Workload;
  brokers: string;
  /** False for librdkafka's mock, which knows older requests only. */
  realKafka: boolean;
  topic: string;
  warmupSeconds: number;
  /** The measured part starts calls for this long, then waits for what is in flight. */
  seconds: number;
  /** Instead of `seconds`: a fixed number of measured records. */
  records?: number;
  /** Calls are begun at this pace at most. */
  recordsPerSecond?: number;
  lingerMs: number;
  batchBytes: number;
  bufferBytes: number;
}

export interface LatencyMs {
  p50: number;
  p95: number;
  p99: number;
}

export interface TrialResult {
  /** Acknowledged records of the measured part. */
  records: number;
  /** Key and value bytes of those records. */
  bytes: number;
  seconds: number;
  /** User and system time of the whole process over the measured part. */
  cpuUs: number | null;
  rssPeak: number;
  /** Per call: of one record for single sends, of the whole batch otherwise. Null without acknowledgements. */
  latencyMs: LatencyMs | null;
  eventLoopDelayMs: { p99: number; max: number } | null;
  /** Share of the measured time that the JavaScript thread was busy. */
  eventLoopBusy?: number;
  versions: Record<string, string>;
  /** Everything the trial sent, warm-up included: what the broker's end offsets must add up to. */
  recordsSent: number;
}

/** Settings that every contender gets in its own spelling wherever it has such a setting. */
export const BATCH_BYTES = 1_000_000;
export const BUFFER_BYTES = 512 * 1024 * 1024;
