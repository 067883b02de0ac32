// A rate is back when it is, and not before.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AckRate } from './rate';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Sends ten records every 100 ms, and acknowledges so many of them. */
async function run(rate: AckRate, milliseconds: number, acknowledged: number): Promise<void> {
  for (let at = 0; at < milliseconds; at += 100) {
    for (let i = 0; i < 10; i++) rate.countSent();
    for (let i = 0; i < acknowledged; i++) rate.countSettled(true);
    await vi.advanceTimersByTimeAsync(100);
  }
}

it('counts the time until acknowledgements keep up', async () => {
  const rate = new AckRate();
  const back = rate.back(10_000);
  await run(rate, 500, 0);
  await run(rate, 1_500, 10);
  const milliseconds = await back;
  expect(milliseconds).toBeGreaterThanOrEqual(300);
  expect(milliseconds).toBeLessThanOrEqual(800);
});

it('is not misled by a burst while many are open', async () => {
  const rate = new AckRate();
  await run(rate, 3_000, 0);
  const back = rate.back(1_500);
  await run(rate, 2_000, 12);
  expect(await back).toBeUndefined();
});

it('gives up when they never do', async () => {
  const rate = new AckRate();
  const back = rate.back(1_200);
  await run(rate, 1_500, 9);
  expect(await back).toBeUndefined();
});
