// What a callback or a listener throws is an uncaught exception, and nobody else's business.
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import { toldToProcess } from '../testing/uncaught';

const messages = (errors: unknown[]) => errors.map((error) => (error as Error).message);

describeOnEachCluster('a callback that throws', (cluster) => {
  it('keeps no other send of its frame, nor later frames, from settling', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await producer.send({ topic });
    const uncaught = await toldToProcess('uncaughtException', async () => {
      const calls: string[] = [];
      const throwing = (what: string) => () => {
        calls.push(what);
        throw new Error(what);
      };
      const before = producer.send({ topic, value: 'before' });
      producer.send({ topic, value: 'v' }, throwing('delivered'));
      producer.send({ topic, partition: 7 }, throwing('failed'));
      producer.send({ topic: 'bad topic' }, throwing('refused'));
      const after = producer.send({ topic, value: 'after' });
      const batch = producer.sendBatch([{ topic }, { topic }]);
      await Promise.all([before, after, batch, producer.flush()]);
      expect(calls.sort()).toEqual(['delivered', 'failed', 'refused']);
      expect(producer.metrics()).toMatchObject({
        outstandingRecords: 0,
        bufferedBytes: 0,
        deliveredRecords: 6,
      });
      expect(await producer.close()).toMatchObject({ accepted: 7, delivered: 6, failed: 1 });
    });
    expect(messages(uncaught).sort()).toEqual(['delivered', 'failed', 'refused']);
  });
});

describe('a callback that throws', () => {
  it('as its send waits for a topic, for the buffer or for close, hinders nobody', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      bufferMemory: 20_000,
      maxBlockMs: 200,
    });
    const throws = () => {
      throw new Error('thrown');
    };
    await producer.send({ topic: 'orders' });
    cluster.setRoundTripTime('all', 60_000);
    const value = 'x'.repeat(18_000);
    const uncaught = await toldToProcess('uncaughtException', async () => {
      producer.send({ topic: 'orders', value }, throws);
      producer.send({ topic: 'orders', value }, throws);
      const behind = producer.send({ topic: 'orders', value });
      producer.send({ topic: 'unknown' }, throws);
      const unknown = producer.send({ topic: 'unknown' });
      await expect(behind).rejects.toMatchObject({ code: 'BUFFER_TIMEOUT' });
      await expect(unknown).rejects.toMatchObject({ code: 'METADATA_TIMEOUT' });
      await producer.close({ timeoutMs: 50 });
      expect(producer.metrics()).toMatchObject({ outstandingRecords: 0, bufferedBytes: 0, waitingSends: 0 });
    });
    expect(messages(uncaught)).toEqual(['thrown', 'thrown', 'thrown']);
  });

  it('or a listener of events, lets the producer go on', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, reconnectBackoffMaxMs: 100 });
    const told = new Set<string>();
    for (const event of ['log', 'brokerError', 'request'] as const) {
      producer.on(event, () => {
        told.add(event);
        throw new Error(event);
      });
    }
    const uncaught = await toldToProcess('uncaughtException', async () => {
      await producer.send({ topic: 'orders' });
      cluster.brokerDown('all');
      await expect.poll(() => told.size, { timeout: 10_000 }).toBe(3);
      cluster.brokerUp('all');
      await producer.send({ topic: 'orders' });
      await producer.close();
    });
    expect([...new Set(messages(uncaught))].sort()).toEqual(['brokerError', 'log', 'request']);
  });
});
