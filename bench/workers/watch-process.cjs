// Preloaded into a program: writes the figures of its main thread into the file WATCH_FILE when it exits.
const { writeFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { isMainThread } = require('node:worker_threads');

const SAMPLE_MS = 20;

if (isMainThread) {
  // Of this thread: other threads have heaps of their own.
  const heapBefore = process.memoryUsage().heapUsed;
  let most = heapBefore;
  let mostResident = 0;
  const sample = () => {
    const { heapUsed, rss } = process.memoryUsage();
    most = Math.max(most, heapUsed);
    mostResident = Math.max(mostResident, rss);
  };
  setInterval(sample, SAMPLE_MS).unref();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('exit', () => {
    sample();
    writeFileSync(
      process.env.WATCH_FILE,
      JSON.stringify({
        // Includes what the program's code takes.
        heapGrowthMB: (most - heapBefore) / 1e6,
        residentMB: mostResident / 1e6,
        loopDelayP99Ms: delay.percentile(99) / 1e6,
      }),
    );
  });
}
