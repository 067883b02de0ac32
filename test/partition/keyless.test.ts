// Records without a key: round-robin over the partitions that have a leader.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Producer } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { endOffsets } from '../broker/topics';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const keyless = (topic: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ topic, value: `value ${i}` }));

function countByPartition(partitions: Iterable<number>, count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const partition of partitions) counts[partition]++;
  return counts;
}

const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

describeOnEachCluster('keyless records', (cluster) => {
  it('spread over the partitions with a difference of at most one, over any number of calls', async () => {
    const topic = await cluster.createTopic(7);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const partitions: number[] = [];
    for (const size of [1, 2, 6, 7, 8, 100, 5000, 3]) {
      partitions.push(...(await producer.sendBatch(keyless(topic, size))).partitions);
      expect(spread(countByPartition(partitions, 7)), `after a batch of ${size}`).toBeLessThanOrEqual(1);
      partitions.push((await producer.send({ topic, value: 'single' })).partition);
      expect(spread(countByPartition(partitions, 7)), 'after a single send').toBeLessThanOrEqual(1);
    }
    const together = await Promise.all(keyless(topic, 50).map((record) => producer.send(record)));
    partitions.push(...together.map(({ partition }) => partition));
    const counts = countByPartition(partitions, 7);
    expect(spread(counts)).toBeLessThanOrEqual(1);
    expect(await endOffsets(cluster.brokers, topic)).toEqual(counts.map(BigInt));
  });

  it('spread evenly although keyed records travel with them', async () => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = keyless(topic, 300).map((record, i) =>
      i % 2 === 0 ? record : { ...record, key: 'always the same' },
    );
    const { partitions } = await producer.sendBatch(records);
    const ofKeyless = [...partitions].filter((_, i) => i % 2 === 0);
    expect(countByPartition(ofKeyless, 3)).toEqual([50, 50, 50]);
    expect(new Set([...partitions].filter((_, i) => i % 2 === 1)).size).toBe(1);
  });

  it('take an empty key for a key', async () => {
    const topic = await cluster.createTopic(7);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = keyless(topic, 20).map((record, i) => ({ ...record, key: i % 2 ? '' : Buffer.alloc(0) }));
    const { partitions } = await producer.sendBatch(records);
    // murmur2 of nothing, made positive, is 275646681: 2 of 7.
    expect(new Set(partitions)).toEqual(new Set([2]));
  });
});

describe('partitions without a leader', () => {
  async function start() {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 4 }] });
    onTestFinished(() => cluster.close());
    return cluster;
  }

  async function untilNoneGoesTo(producer: Producer, avoided: number): Promise<void> {
    await expect
      .poll(
        async () => {
          const { partitions } = await producer.sendBatch(keyless('orders', 8));
          return partitions.includes(avoided);
        },
        { timeout: 10_000, interval: 100 },
      )
      .toBe(false);
  }

  it('get no keyless records', async () => {
    const cluster = await start();
    cluster.setLeader('orders', 2, null);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const { partitions } = await producer.sendBatch(keyless('orders', 300));
    expect(countByPartition(partitions, 4)).toEqual([100, 100, 0, 100]);
  });

  it('get keyless records again once they have a leader', async () => {
    const cluster = await start();
    cluster.setLeader('orders', 2, null);
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      metadataMaxAgeMs: 100,
    });
    await untilNoneGoesTo(producer, 2);
    cluster.setLeader('orders', 2, 1);
    await expect
      .poll(async () => [...(await producer.sendBatch(keyless('orders', 8))).partitions].includes(2), {
        timeout: 10_000,
      })
      .toBe(true);
  });

  it('keep the records whose key belongs there, until they have a leader again', async () => {
    const cluster = await start();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, metadataMaxAgeMs: 100 });
    const { partition } = await producer.send({ topic: 'orders', key: 'k', value: 'first' });
    cluster.setLeader('orders', partition, null);
    let delivered = false;
    const waiting = producer.send({ topic: 'orders', key: 'k', value: 'second' }).then((metadata) => {
      delivered = true;
      return metadata;
    });
    await turn();
    // Others are delivered all the while.
    const others = [0, 1, 2, 3].filter((other) => other !== partition);
    for (const other of others) await producer.send({ topic: 'orders', partition: other, value: 'other' });
    expect(delivered).toBe(false);
    cluster.setLeader('orders', partition, 1);
    expect(await waiting).toMatchObject({ partition, offset: 1n });
  });

  it('fail the records sent there explicitly when deliveryTimeoutMs is over, and no others', async () => {
    const cluster = await start();
    cluster.setLeader('orders', 1, null);
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      deliveryTimeoutMs: 1500,
    });
    const started = performance.now();
    const error = await producer
      .sendBatch([
        { topic: 'orders', partition: 0, value: 'a' },
        { topic: 'orders', partition: 1, value: 'b' },
        { topic: 'orders', partition: 2, value: 'c' },
      ])
      .catch((reason) => reason);
    expect(error.errors).toHaveLength(1);
    expect(error.errors[0]).toMatchObject({
      code: '_MSG_TIMED_OUT',
      topic: 'orders',
      partition: 1,
      index: 1,
      retriable: true,
      persisted: 'no',
    });
    expect([0, 1, 2].map((i) => error.result.delivered(i))).toEqual([true, false, true]);
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(1000);
    expect(took).toBeLessThan(1500 * 1.1 + 2000);
  });
});
