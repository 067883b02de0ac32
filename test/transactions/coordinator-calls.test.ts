// How long librdkafka's calls are given. Too short a time makes it mistake one call's answer for another's, and end the
// process; a machine so busy cannot be had in a test, so this one asks a client that notes what it is given.
import { expect, it } from 'vitest';
import type { NativeClient, NativeTransactionError } from '../../src/addon';
import { CoordinatorCalls } from '../../src/transactions/coordinator-calls';

const TIMED_OUT: NativeTransactionError = [-185, 'Timed out', true, false, false];

/** Answers each call with the next outcome, the last one again and again. */
function callsOf(outcomes: (NativeTransactionError | undefined)[], transactionTimeoutMs = 60_000) {
  const given: number[] = [];
  const answer = async (timeoutMs: number) => {
    given.push(timeoutMs);
    return outcomes.length > 1 ? outcomes.shift() : outcomes[0];
  };
  const client = { commitTransaction: answer, abortTransaction: answer, beginTransaction: async () => {} };
  const calls = new CoordinatorCalls(client as unknown as NativeClient, {
    transactionTimeoutMs,
    maxBlockMs: 1000,
  });
  return { calls, given };
}

it.each(['commit', 'abort'] as const)('%s has a second at least, also when its time is over', async (end) => {
  const { calls, given } = callsOf([TIMED_OUT, TIMED_OUT, undefined]);
  calls.limit(900);
  await calls[end]();
  expect(given).toHaveLength(3);
  expect(Math.min(...given)).toBeGreaterThanOrEqual(1000);
});

it('leaves late results of a resumed call time to come before the next one', async () => {
  const { calls } = callsOf([TIMED_OUT, undefined]);
  let committed = 0;
  const commit = calls.commit().then(() => {
    committed = performance.now();
  });
  const started = performance.now();
  await calls.begin();
  await commit;
  expect(committed - started).toBeGreaterThanOrEqual(150);
});
