// kafkajs counts attempts, librdkafka watches the clock: how long the attempts and pauses of a `retry` would take.
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

export function retryBudget(options: RetryOptions = {}): RetryBudget {
  const { maxRetryTime, initialRetryTime } = { ...DEFAULTS, ...definedFields(options) };
  const retries = Math.min(definedFields(options).retries ?? DEFAULTS.retries, MAX_INT);
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

function definedFields<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  ) as Partial<T>;
}
