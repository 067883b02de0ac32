// A record that cannot be delivered fails when it was said to, neither early nor much later. librdkafka looks once a
// second, so the bound is 10 % and two seconds.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProducerOptions } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

interface Failure {
  code: string;
  persisted: string;
  afterMs: number;
}

/** Sends a record after `hinder` and tells how it failed. */
async function failure(
  hinder: (cluster: EmbeddedCluster) => void,
  options: Partial<ProducerOptions>,
): Promise<Failure> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, ...options });
  await producer.send({ topic: 'orders', value: 'before' });
  hinder(cluster);
  const started = performance.now();
  const error = await producer.send({ topic: 'orders', value: 'v', partition: 0 }).then(
    () => ({ code: 'delivered', persisted: 'yes' }),
    (failed) => failed,
  );
  return { code: error.code, persisted: error.persisted, afterMs: performance.now() - started };
}

describe('deliveryTimeoutMs', () => {
  const deliveryTimeoutMs = 4000;
  const options = { deliveryTimeoutMs, requestTimeoutMs: 1500, retryBackoffMs: 20, retryBackoffMaxMs: 100 };

  it('is when a record fails, whatever stood in its way', async () => {
    const ways: Record<string, Promise<Failure>> = {
      'a broker that is down': failure((cluster) => cluster.brokerDown(1), options),
      'a broker that is down, without idempotence': failure((cluster) => cluster.brokerDown(1), {
        ...options,
        enableIdempotence: false,
      }),
      'a partition without a leader': failure((cluster) => cluster.setLeader('orders', 0, null), options),
      'a broker that answers too late': failure((cluster) => cluster.setRoundTripTime(1, 60_000), options),
      'a retriable error without end': failure(
        (cluster) => cluster.failRequests('Produce', 'NOT_ENOUGH_REPLICAS', { times: 10_000 }),
        options,
      ),
      'connections that break without end': failure(
        (cluster) => cluster.failRequests('Produce', '_TRANSPORT', { times: 10_000 }),
        options,
      ),
    };
    for (const [way, outcome] of Object.entries(ways)) {
      const { code, afterMs } = await outcome;
      expect({ way, code }).toEqual({ way, code: '_MSG_TIMED_OUT' });
      expect(afterMs, way).toBeGreaterThan(0.9 * deliveryTimeoutMs);
      expect(afterMs, way).toBeLessThan(1.1 * deliveryTimeoutMs + 2000);
    }
    // Only a request that was sent may have been carried out.
    expect((await ways['a broker that is down']).persisted).toBe('no');
    expect((await ways['a broker that answers too late']).persisted).toBe('possibly');
  });
});

describe('retries', () => {
  it.each([0, 1, 3])('of %d are made, then the record fails with what the broker said', async (retries) => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      enableIdempotence: false,
      retries,
      retryBackoffMs: 5,
      retryBackoffMaxMs: 10,
    });
    await producer.send({ topic: 'orders', value: 'before' });
    cluster.failRequests('Produce', 'NOT_ENOUGH_REPLICAS', { times: retries + 1 });
    await expect(producer.send({ topic: 'orders', value: 'v' })).rejects.toMatchObject({
      code: 'NOT_ENOUGH_REPLICAS',
      retriable: true,
      // Of what was tried again, an earlier try may have been stored.
      persisted: retries === 0 ? 'no' : 'possibly',
    });
    // The failures asked for are used up: there was one request and its retries.
    expect((await producer.send({ topic: 'orders', value: 'after' })).offset).toBe(1n);
  });
});
