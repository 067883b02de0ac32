// A promise settles by what became of its own record, not of those that happened to travel with it.
import { expect, it, onTestFinished } from 'vitest';
import type { Producer } from '../../src';
import { withoutStack } from '../../src/errors';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

async function withALeaderlessPartition(): Promise<Producer> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
  await producer.sendBatch([
    { topic: 'orders', partition: 0 },
    { topic: 'orders', partition: 1 },
  ]);
  cluster.setLeader('orders', 1, null);
  return producer;
}

const tooLong = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, 'too long'));

it('a single send is not held up by one of the same turn whose partition has no leader', async () => {
  const producer = await withALeaderlessPartition();
  const stuck = producer.send({ topic: 'orders', partition: 1 }).catch(() => undefined);
  const fine = producer.send({ topic: 'orders', partition: 0 });
  expect(await Promise.race([fine, tooLong(10_000)])).toMatchObject({ partition: 0 });
  await producer.close({ timeoutMs: 0 });
  await stuck;
});

it('single sends of later turns are not held up either', async () => {
  const producer = await withALeaderlessPartition();
  const stuck = producer.send({ topic: 'orders', partition: 1 }).catch(() => undefined);
  await new Promise((resume) => setImmediate(resume));
  expect(
    await Promise.race([producer.send({ topic: 'orders', partition: 0 }), tooLong(10_000)]),
  ).toMatchObject({
    partition: 0,
  });
  await producer.close({ timeoutMs: 0 });
  await stuck;
});

it('errors are made where Error cannot be changed, too', () => {
  const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;
  Object.defineProperty(Error, 'stackTraceLimit', { ...before, writable: false });
  onTestFinished(() => void Object.defineProperty(Error, 'stackTraceLimit', before));
  expect(withoutStack(() => new Error('made')).message).toBe('made');
});
