// One way to use threads, and what a round of it showed.
import os from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Figures {
  perSecond: number;
  /** Of the main thread's event loop, in ms. */
  loopDelayP50: number;
  loopDelayP99: number;
  /** Of the whole process. */
  cpuMicroseconds: number;
  /** Processors that had nothing to do: who is no faster where this is near 0 has no room to be. */
  idleProcessors: number;
  /** What 'auto' chose. */
  mode?: string;
  inlineMicroseconds?: number;
  handOverMicroseconds?: number;
}

export interface Contender {
  name: string;
  run(ms: number): Promise<Figures>;
  /** After the last round: what it kept between them. */
  close?(): Promise<void>;
}

/** Awaits `send` again and again in so many lanes; how many records it sent. */
export async function lanes(count: number, until: number, send: () => Promise<number>): Promise<number> {
  let sent = 0;
  const lane = async () => {
    while (performance.now() < until) {
      const count = await send();
      sent += count; // not `+= await`, which would add to what `sent` was before it waited
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  return sent;
}

const idleMs = () => os.cpus().reduce((sum, { times }) => sum + times.idle, 0);

/** `work` gets the time to end at, and says how many records it sent. */
export async function observe(ms: number, work: (until: number) => Promise<number>): Promise<Figures> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = { cpu: process.cpuUsage(), idle: idleMs(), time: performance.now() };
  const sent = await work(before.time + ms);
  const tookMs = performance.now() - before.time;
  const { user, system } = process.cpuUsage(before.cpu);
  delay.disable();
  return {
    perSecond: (sent / tookMs) * 1_000,
    loopDelayP50: delay.percentile(50) / 1e6,
    loopDelayP99: delay.percentile(99) / 1e6,
    cpuMicroseconds: (user + system) / sent,
    idleProcessors: (idleMs() - before.idle) / tookMs,
  };
}
