// The process's memory with a broker that takes nothing: what callers put in stays within bufferMemory.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

const MIB = 1 << 20;
const BUFFER_MEMORY = 128 * MIB;
const CALLERS = 100;

it('a stopped broker and a hundred callers take no more than bufferMemory and half of it', async () => {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 4 }] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({
    bootstrapServers: cluster.bootstrapServers,
    bufferMemory: BUFFER_MEMORY,
    maxBlockMs: 60_000,
  });
  producer.on('brokerError', () => {});
  const value = 'v'.repeat(1000);
  // Warm: V8 has grown its heap to what so many calls leave behind, and librdkafka's connections are there.
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 4000 }, () => producer.send({ topic: 'orders', value })));
  }
  cluster.brokerDown('all');
  const before = process.memoryUsage().rss;
  let accepted = 0;
  let stopped = false;
  onTestFinished(() => {
    stopped = true;
  });
  const callers = Array.from({ length: CALLERS }, async () => {
    // Each goes on as soon as its record is in the buffer, and none when it is full.
    while (!stopped) {
      const dispatch = producer.dispatch({ topic: 'orders', value });
      await dispatch.accepted.then(
        () => accepted++,
        () => {},
      );
    }
  });
  await expect.poll(() => producer.metrics().waitingSends, { timeout: 20_000 }).toBe(CALLERS);
  let most = 0;
  for (let i = 0; i < 20; i++) {
    most = Math.max(most, process.memoryUsage().rss);
    await sleep(50);
  }
  expect(producer.metrics().bufferedBytes).toBeLessThanOrEqual(BUFFER_MEMORY);
  expect(accepted).toBeGreaterThan((BUFFER_MEMORY / 1600) * 0.9);
  expect((most - before) / MIB).toBeLessThan((BUFFER_MEMORY * 1.5) / MIB);
  stopped = true;
  await producer.close({ timeoutMs: 0 });
  await Promise.all(callers);
});
