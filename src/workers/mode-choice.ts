// Decides, topic by topic, whether records are serialized in the caller's thread or in the pool's: by what either costs
// the caller's thread, and by how busy that is.
import os from 'node:os';
import { performance } from 'node:perf_hooks';

export type WorkerMode = 'inline' | 'pool';

/** Looked at this often. */
const INTERVAL_MS = 250;
/** To the pool when serializing costs so many times as much as handing over, and the thread is this busy. */
const POOL_FROM_RATIO = 2;
const POOL_FROM_UTILIZATION = 0.6;
/** ... and so much of a processor has nothing to do: a pool takes more processor time in all. */
const POOL_FROM_IDLE_PROCESSORS = 0.5;
/** Back when it costs less than so many times as much, or the thread has been idler than this for a while. */
const INLINE_BELOW_RATIO = 1.3;
const INLINE_BELOW_UTILIZATION = 0.15;
const IDLE_LOOKS = 12;
/** What handing over costs is tried again after this time. */
const PROBE_AGAIN_MS = 10_000;
/** Of so many measurements the lower quartile counts: on a busy machine most of them contain waits for a processor. */
const SAMPLES = 16;

export interface ModeMetrics {
  mode: WorkerMode;
  /** In words, with the figures that decided. */
  reason: string;
  /** Time the caller's thread spends (or would spend) on serializing and packing a record. */
  inlineMicroseconds: number | undefined;
  /** Time it spends (or would spend) on handing a record to another thread. */
  handOverMicroseconds: number | undefined;
  /** Times the mode has changed. */
  switches: number;
}

export class ModeChoice {
  mode: WorkerMode = 'inline';
  #reason = 'nothing measured yet';
  readonly #inline = new Samples();
  readonly #handOver = new Samples();
  #switches = 0;
  #lookedAt = performance.now();
  #utilization = performance.eventLoopUtilization();
  #processors = processorTimes();
  #probedAt = Number.NEGATIVE_INFINITY;
  #idleLooks = 0;

  /** A batch's cost for this thread, or in the pool's threads, which is what it would cost here. */
  measuredInline(microseconds: number, records: number): void {
    this.#inline.add(microseconds / records);
  }

  measuredHandOver(microseconds: number, records: number): void {
    this.#probedAt = performance.now();
    this.#handOver.add(microseconds / records);
  }

  /** Whether the cost of handing over should be found out by trying. */
  get wantsProbe(): boolean {
    return performance.now() - this.#probedAt > PROBE_AGAIN_MS;
  }

  /** True when the mode has just changed. */
  look(): boolean {
    const now = performance.now();
    if (now - this.#lookedAt < INTERVAL_MS) return false;
    this.#lookedAt = now;
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(this.#utilization, before);
    const processorsBefore = this.#processors;
    this.#processors = processorTimes();
    return this.decide(utilization, idleProcessors(processorsBefore, this.#processors));
  }

  /** As `look`, of a thread that was so busy (0 to 1), while so many processors were idle. */
  decide(utilization: number, idle: number): boolean {
    const inline = this.#inline.lowerQuartile;
    const handOver = this.#handOver.lowerQuartile;
    if (inline === undefined || handOver === undefined) return false;
    const ratio = inline / handOver;
    this.#idleLooks = utilization < INLINE_BELOW_UTILIZATION ? this.#idleLooks + 1 : 0;
    let { mode } = this;
    if (
      mode === 'inline' &&
      ratio >= POOL_FROM_RATIO &&
      utilization >= POOL_FROM_UTILIZATION &&
      idle >= POOL_FROM_IDLE_PROCESSORS
    )
      mode = 'pool';
    else if (mode === 'pool' && (ratio < INLINE_BELOW_RATIO || this.#idleLooks >= IDLE_LOOKS))
      mode = 'inline';
    this.#reason =
      `serializing costs ${inline.toFixed(2)} µs a record, handing over ${handOver.toFixed(2)}; ` +
      `the event loop is ${Math.round(utilization * 100)} % busy, ${idle.toFixed(1)} processors are idle`;
    if (mode === this.mode) return false;
    this.mode = mode;
    this.#idleLooks = 0;
    this.#switches++;
    return true;
  }

  metrics(forced: WorkerMode | undefined): ModeMetrics {
    return {
      mode: forced ?? this.mode,
      reason: forced === undefined ? this.#reason : 'as the options say',
      inlineMicroseconds: this.#inline.lowerQuartile,
      handOverMicroseconds: this.#handOver.lowerQuartile,
      switches: this.#switches,
    };
  }
}

interface ProcessorTimes {
  count: number;
  idleMs: number;
  allMs: number;
}

/** Since the machine began, of all its processors. */
function processorTimes(): ProcessorTimes {
  const processors = os.cpus();
  const times = { count: processors.length, idleMs: 0, allMs: 0 };
  for (const { times: of } of processors) {
    times.idleMs += of.idle;
    times.allMs += of.user + of.nice + of.sys + of.irq + of.idle;
  }
  return times;
}

function idleProcessors(before: ProcessorTimes, now: ProcessorTimes): number {
  const passedMs = now.allMs - before.allMs;
  // Where the system does not tell, they may all be.
  return passedMs > 0 ? (now.count * (now.idleMs - before.idleMs)) / passedMs : now.count;
}

/** The newest measurements. */
class Samples {
  readonly #values: number[] = [];
  #next = 0;

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % SAMPLES;
  }

  get lowerQuartile(): number | undefined {
    return [...this.#values].sort((a, b) => a - b)[this.#values.length >> 2];
  }
}
