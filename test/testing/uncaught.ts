// What reaches nobody but the process, watched for in place of the test runner's own handlers.
import { setTimeout as sleep } from 'node:timers/promises';

/** What `event` told of while `run` ran and for a moment after. */
export async function toldToProcess(
  event: 'uncaughtException' | 'unhandledRejection',
  run: () => Promise<unknown>,
): Promise<unknown[]> {
  const told: unknown[] = [];
  const listener = (reason: unknown) => told.push(reason);
  const others = process.listeners(event as 'uncaughtException');
  process.removeAllListeners(event).on(event, listener);
  try {
    await run();
    await sleep(20);
  } finally {
    process.off(event, listener);
    for (const other of others) process.on(event as 'uncaughtException', other);
  }
  return told;
}
