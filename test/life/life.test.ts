// Short forms of `npm run test:life`.
import { expect, it } from 'vitest';
import { Producer } from '../../src';
import { describeOnEachCluster } from '../testing/each-cluster';
import { runCycles } from './cycles';
import { freeze } from './frozen';
import { collectGarbage } from './process-footprint';

describeOnEachCluster('a producer’s life', (cluster) => {
  it('leaves no thread and no file behind', async () => {
    const topic = await cluster.createTopic(3);
    const { warm, end } = await runCycles(cluster.brokers, topic, 30);
    expect(end.threads).toBeLessThanOrEqual(warm.threads);
    // The embedded cluster, in this process, may be slow to notice that a client has gone.
    expect(end.files).toBeLessThanOrEqual(warm.files + 4);
  }, 60_000);

  it('is forgotten when it was closed', async () => {
    const topic = await cluster.createTopic(1);
    const use = async () => {
      const producer = new Producer({ bootstrapServers: cluster.brokers });
      producer.on('brokerError', () => producer.metrics());
      await producer.send({ topic, value: 'v' });
      await producer.close();
      return new WeakRef(producer);
    };
    const closed = [await use(), await use(), await use()];
    const left = async () => {
      collectGarbage();
      return closed.filter((producer) => producer.deref() !== undefined).length;
    };
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
  });

  it('goes on when its process was stopped for longer than a request may take', async () => {
    const topic = await cluster.createTopic(1);
    const { inFlight, first } = await freeze(cluster.brokers, topic, 3000);
    expect(inFlight.error).toBeUndefined();
    expect(inFlight.ms).toBeGreaterThan(2000);
    expect(first.error).toBeUndefined();
    expect(first.ms).toBeLessThan(1000);
  });
});
