import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/broker/skipped-files.ts'],
    globalSetup: ['./test/broker/global-setup.ts'],
    // The addon's threads and its memory are the process's: each test file gets one of its own.
    pool: 'forks',
    // One more than the processors it is meant for: tests wait as long as they work.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Of what comes in time, but on a busy machine not within vitest's one second.
    expect: { poll: { timeout: 10_000 } },
  },
});
