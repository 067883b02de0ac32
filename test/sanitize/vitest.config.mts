// As the package's own, for tests that a sanitizer slows down.
import { mergeConfig } from 'vitest/config';
import config from '../../vitest.config.mjs';

export default mergeConfig(config, {
  test: {
    globalSetup: ['./test/sanitize/preload.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
