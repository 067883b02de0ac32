// The bound on batches under way.
import { describe, expect, it } from 'vitest';
import { InFlight } from '../../src/cli/in-flight';

function batch() {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('InFlight', () => {
  it('has room up to its limit, and again when a batch ends', async () => {
    const inFlight = new InFlight(2, new AbortController().signal);
    const [first, second] = [batch(), batch()];
    inFlight.start(first.promise);
    await inFlight.room();
    inFlight.start(second.promise);
    const room = inFlight.room();
    expect(await isSettled(room)).toBe(false);
    second.resolve();
    await room;
  });

  it('is drained when the last batch has ended', async () => {
    const inFlight = new InFlight(2, new AbortController().signal);
    await inFlight.drained();
    const [first, second] = [batch(), batch()];
    inFlight.start(first.promise);
    inFlight.start(second.promise);
    const drained = inFlight.drained();
    first.resolve();
    expect(await isSettled(drained)).toBe(false);
    second.resolve();
    await drained;
  });

  it('hands on what a batch threw, to whoever waits next', async () => {
    const inFlight = new InFlight(1, new AbortController().signal);
    const failing = batch();
    inFlight.start(failing.promise);
    const room = inFlight.room();
    failing.reject(new Error('disk full'));
    await expect(room).rejects.toThrow('disk full');
    await expect(inFlight.drained()).rejects.toThrow('disk full');
  });

  it('lets a waiting caller go on when stopped, but still waits for the batches', async () => {
    const stop = new AbortController();
    const inFlight = new InFlight(1, stop.signal);
    const slow = batch();
    inFlight.start(slow.promise);
    const room = inFlight.room();
    stop.abort();
    await room;
    const drained = inFlight.drained();
    expect(await isSettled(drained)).toBe(false);
    slow.resolve();
    await drained;
  });
});
