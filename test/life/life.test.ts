// Short forms of `npm run test:life`.
import { expect, it } from 'vitest';
import { describeOnEachCluster } from '../testing/each-cluster';
import { runCycles } from './cycles';
import { freeze } from './frozen';

describeOnEachCluster('a producer’s life', (cluster) => {
  it('leaves no thread and no file behind', async () => {
    const topic = await cluster.createTopic(3);
    const { warm, end } = await runCycles(cluster.brokers, topic, 30);
    expect(end.threads).toBeLessThanOrEqual(warm.threads);
    // The embedded cluster, in this process, may be slow to notice that a client has gone.
    expect(end.files).toBeLessThanOrEqual(warm.files + 4);
  }, 60_000);

  it('goes on when its process was stopped for longer than a request may take', async () => {
    const topic = await cluster.createTopic(1);
    const { inFlight, first } = await freeze(cluster.brokers, topic, 3000);
    expect(inFlight.error).toBeUndefined();
    expect(first.error).toBeUndefined();
    expect(first.ms).toBeLessThan(3000);
  });
});
