// The pool's threads: all producers of a process share them, and nothing that is sent waits for one that has gone.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { BatchError, type Workers, type WorkersOptions } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { openProducer } from '../testing/open-producer';

const MODULE = join(__dirname, 'modules.cjs');
const PROCESS = join(__dirname, 'pool-in-a-process.cjs');

async function startCluster(): Promise<string> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
  onTestFinished(() => cluster.close());
  return cluster.bootstrapServers;
}

/** Workers of a producer of their own. */
function openWorkers(brokers: string, options: Partial<WorkersOptions> = {}): Workers<string, object> {
  const workers = openProducer({ bootstrapServers: brokers }).workers<string, object>({
    module: MODULE,
    mode: 'pool',
    threads: 1,
    ...options,
  });
  onTestFinished(() => workers.close());
  return workers;
}

async function threadsOf(brokers: string): Promise<number[]> {
  return (await readBack(brokers, 'orders')).map(({ value }) => JSON.parse(String(value)).thread);
}

async function failuresOf(sent: Promise<unknown>): Promise<string[]> {
  const error = await sent.catch((reason) => reason);
  if (!(error instanceof BatchError)) throw error;
  return error.errors.map(({ code, persisted, message }) => `${code}, ${persisted}: ${message}`);
}

it('threads serve the producers of all clusters, and end with the last', async () => {
  const [one, two] = [await startCluster(), await startCluster()];
  const first = openWorkers(one);
  const second = openWorkers(two, { threads: 2 });
  const records = Array.from({ length: 40 }, (_, i) => ({ key: `k${i}`, value: { i } }));
  await Promise.all([first.sendBatch('orders', records), second.sendBatch('orders', records)]);
  const [ofFirst, ofSecond] = [new Set(await threadsOf(one)), new Set(await threadsOf(two))];
  expect([ofFirst.size, ofSecond.size]).toEqual([1, 2]);
  expect([...ofSecond]).toEqual(expect.arrayContaining([...ofFirst]));

  await first.close();
  await second.sendBatch('orders', records);
  expect(new Set(await threadsOf(two))).toEqual(ofSecond);

  await second.close();
  await openWorkers(one).sendBatch('orders', records);
  expect(new Set(await threadsOf(one)).size).toBe(2);
});

it('a thread that ends fails what everybody had there, and everybody goes on with the next', async () => {
  const brokers = await startCluster();
  const [doomed, other] = [openWorkers(brokers, { export: 'later' }), openWorkers(brokers)];
  await other.sendBatch('orders', [{ value: {} }]);
  const failed = [
    doomed.sendBatch('orders', [{ value: { crash: true } }]),
    openWorkers(brokers, { export: 'later' }).sendBatch('orders', [{ value: {} }, { value: {} }]),
  ].map(failuresOf);
  const failure = (i: number) =>
    `WORKER_FAILED, possibly: record ${i} for topic orders: the thread that had it ended: thrown later`;
  expect(await Promise.all(failed)).toEqual([[failure(0)], [failure(0), failure(1)]]);
  await Promise.all([doomed, other].map((workers) => workers.sendBatch('orders', [{ value: {} }])));
  expect(other.metrics()).toMatchObject({ threadsStarted: 2, recordsInHand: 0 });
});

it('a thread that ends with nothing in hand is replaced', async () => {
  const workers = openWorkers(await startCluster(), { export: 'timeBomb' });
  await workers.sendBatch('orders', [{ value: { lit: true } }]);
  const goOn = async () => {
    // It may have gone with this batch in hand.
    await workers.sendBatch('orders', [{ value: {} }]).catch((error) => {
      expect(error.errors[0].message).toMatch(/the thread that had it ended: a late failure$/);
    });
    return workers.metrics().threadsStarted;
  };
  await expect.poll(goOn, { timeout: 20_000 }).toBe(2);
  expect((await workers.sendBatch('orders', [{ value: {} }])).deliveredCount).toBe(1);
});

it('refuses options of a module that cannot go to another thread', () => {
  expect(() => openWorkers('127.0.0.1:1', { options: { now: () => 0 } })).toThrow(
    /workers: options must be something that can be cloned .*: .* could not be cloned/,
  );
  openWorkers('127.0.0.1:1', { options: { now: () => 0 }, mode: 'inline' });
});

it.each([
  ['stays for what is in hand, not for idle threads', [], ['1 delivered', '1 delivered']],
  [
    'hears of threads that never begin to work',
    ['--require', join(__dirname, 'ends-threads.cjs')],
    Array(2).fill(
      'WORKER_FAILED: record 0 for topic orders: the thread that had it ended: worker exited with code: 9',
    ),
  ],
])('a process %s', async (_title, flags, lines) => {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, PROCESS], {
    env: { ...process.env, BROKERS: await startCluster() },
    timeout: 20_000,
  });
  expect(stdout.trim().split('\n')).toEqual(lines);
});
