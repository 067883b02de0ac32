// A producer's event 'request': told where somebody listens, whenever they began to.
import type { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { RequestEvent } from '../../src';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const PRODUCE = 0;

describeOnEachCluster('requests', (cluster) => {
  it.each(['before', 'after'])('are told to who listens from %s opening', async (when) => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const requests: RequestEvent[] = [];
    if (when === 'after') await producer.send({ topic });
    producer.on('request', (request) => requests.push(request));
    await producer.send({ topic });
    const produced = () => requests.find(({ apiKey }) => apiKey === PRODUCE);
    await expect.poll(produced).toBeDefined();
    const { broker, apiVersion, responseBytes, roundTripMs, error } = produced() as RequestEvent;
    expect(cluster.brokers.split(',')).toContain(broker);
    expect(apiVersion).toBeGreaterThan(2);
    expect(responseBytes).toBeGreaterThan(20);
    expect(roundTripMs).toBeGreaterThan(0);
    expect(error).toBeUndefined();
  });

  it.each(['addListener', 'prependListener', 'once', 'prependOnceListener'] as const)(
    'are told to who came by %s after opening',
    async (how) => {
      const topic = await cluster.createTopic(1);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      await producer.send({ topic });
      const told = new Promise((resolve) => (producer as unknown as EventEmitter)[how]('request', resolve));
      await producer.send({ topic });
      expect(await told).toMatchObject({ apiKey: PRODUCE });
    },
  );
});
