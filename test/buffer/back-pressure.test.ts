// A full buffer: sends wait in order, for maxBlockMs at most, and memory stays within bufferMemory.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RecordError } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

async function stalledCluster() {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
  onTestFinished(() => cluster.close());
  return cluster;
}

const value = 'x'.repeat(1000);
const code = (error: { code?: string }) => error.code;

describe('a full buffer', () => {
  it('holds sends back, and refuses them with BUFFER_TIMEOUT after maxBlockMs', async () => {
    const cluster = await stalledCluster();
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      bufferMemory: 20_000,
      topicBufferShare: 1,
      maxBlockMs: 500,
    });
    await producer.send({ topic: 'orders', value });
    cluster.brokerDown(1);
    const started = performance.now();
    const waits: number[] = [];
    const outcomes = Array.from({ length: 30 }, () =>
      producer.send({ topic: 'orders', value }).then(
        () => 'sent',
        (error: RecordError) => {
          waits.push(error.waited?.bufferMs ?? 0);
          return error.code;
        },
      ),
    );
    const settledInTime = Promise.all(outcomes.slice(20));
    expect(producer.metrics()).toMatchObject({ outstandingRecords: 30, waitingSends: 17 });
    expect(producer.metrics().bufferedBytes).toBeLessThanOrEqual(20_000);
    expect(await settledInTime).toEqual(new Array(10).fill('BUFFER_TIMEOUT'));
    const waited = performance.now() - started;
    // Within a tenth, and what a busy machine's timers are late.
    expect(waited).toBeGreaterThanOrEqual(500);
    expect(waited).toBeLessThan(500 * 1.1 + 500);
    expect(waits).toHaveLength(17);
    for (const each of waits) {
      expect(each).toBeGreaterThanOrEqual(500);
      expect(each).toBeLessThan(500 * 1.1 + 500);
    }
    cluster.brokerUp(1);
    const all = await Promise.all(outcomes);
    expect(all.slice(0, 13)).toEqual(new Array(13).fill('sent'));
    expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, waitingSends: 0, outstandingRecords: 0 });
  });

  it('serves those who wait in their order', async () => {
    const cluster = await stalledCluster();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, bufferMemory: 8_000 });
    await producer.send({ topic: 'orders', value, partition: 0 });
    cluster.setRoundTripTime(1, 50);
    const offsets = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        if (i % 5 !== 4) return (await producer.send({ topic: 'orders', value, partition: 0 })).offset;
        const result = await producer.sendBatch([{ topic: 'orders', value, partition: 0 }]);
        return result.offsets[0];
      }),
    );
    expect(offsets).toEqual(Array.from({ length: 40 }, (_, i) => BigInt(i + 1)));
  });

  it('takes a batch larger than itself in pieces', async () => {
    const cluster = await stalledCluster();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, bufferMemory: 50_000 });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, producer.metrics().bufferedBytes);
    }, 1);
    const result = await producer.sendBatch(Array.from({ length: 500 }, () => ({ topic: 'orders', value })));
    clearInterval(watch);
    expect(result.deliveredCount).toBe(500);
    expect(most).toBeLessThanOrEqual(50_000);
  });

  it('refuses what is left of a batch whose first part was taken', async () => {
    const cluster = await stalledCluster();
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      bufferMemory: 20_000,
      topicBufferShare: 1,
      maxBlockMs: 300,
    });
    await producer.send({ topic: 'orders', value });
    cluster.brokerDown(1);
    const outcome = producer
      .sendBatch(Array.from({ length: 50 }, () => ({ topic: 'orders', value })))
      .catch((e) => e);
    await expect.poll(() => producer.metrics().waitingSends, { timeout: 5000 }).toBe(0);
    cluster.brokerUp(1);
    const error = await outcome;
    expect(error).toMatchObject({ code: 'BATCH_FAILED', retriable: true });
    expect(error.errors.every((one: { code: string }) => one.code === 'BUFFER_TIMEOUT')).toBe(true);
    expect(error.result.deliveredCount).toBe(50 - error.errors.length);
    expect(error.result.deliveredCount).toBeGreaterThan(10);
  });

  it('lets nobody wait for what can never fit', async () => {
    const cluster = await stalledCluster();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, bufferMemory: 5_000 });
    await expect(producer.send({ topic: 'orders', value: 'x'.repeat(6000) })).rejects.toMatchObject({
      code: 'MSG_SIZE_TOO_LARGE',
    });
  });

  it('gives its waiters up when the producer closes', async () => {
    const cluster = await stalledCluster();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, bufferMemory: 20_000 });
    await producer.send({ topic: 'orders', value });
    cluster.brokerDown(1);
    const outcomes = Array.from({ length: 30 }, () =>
      producer.send({ topic: 'orders', value }).then(() => 'sent', code),
    );
    await producer.close({ timeoutMs: 100 });
    expect(await Promise.all(outcomes)).toEqual(new Array(30).fill('PRODUCER_CLOSED'));
  });
});
