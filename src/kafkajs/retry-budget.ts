// kafkajs counts attempts, librdkafka watches the clock: how long the attempts and pauses of a `retry` would take.
import { withNumbers } from './numeric-options';
import type { RetryOptions } from './types';

const DEFAULTS = { maxRetryTime: 30_000, initialRetryTime: 300, retries: 5 };
/** librdkafka's growth of the pause from one attempt to the next, and kafkajs's default. */
const GROWTH = 2;
const MAX_INT = 2147483647;

export interface RetryBudget {
  retries: number;
  firstPauseMs: number;
  longestPauseMs: number;
  /** Between the last two attempts. */
  lastPauseMs: number;
  /** All pauses together. */
  pausesMs: number;
}

/** @throws KafkaJSNonRetriableError for what is no number */
export function retryBudget(options: RetryOptions = {}): RetryBudget {
  const given = { ...DEFAULTS, ...withNumbers(options, ['maxRetryTime', 'initialRetryTime', 'retries']) };
  const { maxRetryTime, initialRetryTime } = given;
  const retries = Math.max(0, Math.min(Math.ceil(given.retries), MAX_INT));
  let pausesMs = 0;
  let pauseMs = Math.min(initialRetryTime, maxRetryTime);
  let paused = 0;
  for (; paused < retries && pauseMs < maxRetryTime; paused++) {
    pausesMs += pauseMs;
    pauseMs = Math.min(pauseMs * GROWTH, maxRetryTime);
    if (pauseMs === 0) break;
  }
  pausesMs += Math.max(0, retries - paused) * pauseMs;
  return {
    retries,
    firstPauseMs: initialRetryTime,
    longestPauseMs: maxRetryTime,
    lastPauseMs: pauseMs,
    pausesMs: Math.min(pausesMs, MAX_INT),
  };
}
