// millrace/testing: a cluster that any client can use, and that fails on demand.
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster, type EmbeddedClusterOptions } from '../../src/testing';
import { kafkaJs } from '../broker/kafkajs-client';
import { readBack } from '../broker/read-back';
import { endOffsets } from '../broker/topics';
import { openProducer } from './open-producer';

async function start(options?: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.start(options);
  onTestFinished(() => cluster.close());
  return cluster;
}

describe('an embedded cluster', () => {
  it('has the brokers and topics asked for', async () => {
    const cluster = await start({ brokers: 3, topics: ['four', { topic: 'seven', partitions: 7 }] });
    expect(cluster.bootstrapServers).toMatch(/^127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/);
    cluster.createTopic('later', 2);
    const admin = kafkaJs(cluster.bootstrapServers).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['four', 'seven', 'later'] });
    expect(topics.map(({ name, partitions }) => [name, partitions.length]).sort()).toEqual([
      ['four', 4],
      ['later', 2],
      ['seven', 7],
    ]);
    expect((await admin.describeCluster()).brokers).toHaveLength(3);
    await admin.disconnect();
  });

  it('can be produced to and read from by KafkaJS', async () => {
    const cluster = await start({ topics: [{ topic: 'orders', partitions: 1 }] });
    const producer = kafkaJs(cluster.bootstrapServers).producer();
    await producer.connect();
    await producer.send({ topic: 'orders', messages: [{ key: 'k', value: 'v', headers: { h: '1' } }] });
    await producer.disconnect();
    expect(await readBack(cluster.bootstrapServers, 'orders')).toMatchObject([
      {
        partition: 0,
        offset: 0n,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        headers: [['h', Buffer.from('1')]],
      },
    ]);
  });

  it('takes records on all of its brokers', async () => {
    const cluster = await start({ brokers: 3, topics: [{ topic: 'orders', partitions: 6 }] });
    for (let partition = 0; partition < 6; partition++)
      cluster.setLeader('orders', partition, 1 + (partition % 3));
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.sendBatch(Array.from({ length: 60 }, () => ({ topic: 'orders' })));
    expect(await endOffsets(cluster.bootstrapServers, 'orders')).toEqual(new Array(6).fill(10n));
  });

  it('lets a leader move while records are on their way', async () => {
    const cluster = await start({ brokers: 2, topics: [{ topic: 'orders', partitions: 1 }] });
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, retryBackoffMs: 10 });
    const offsets: bigint[] = [];
    for (let i = 0; i < 6; i++) {
      cluster.setLeader('orders', 0, 1 + (i % 2));
      const sends = Array.from({ length: 20 }, () => producer.send({ topic: 'orders', value: `${i}` }));
      for (const { offset } of await Promise.all(sends)) offsets.push(offset);
    }
    expect(offsets).toEqual(Array.from({ length: 120 }, (_, i) => BigInt(i)));
  });

  it('answers as late as it is told', async () => {
    const cluster = await start({ topics: ['orders'] });
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders' });
    cluster.setRoundTripTime(1, 400);
    const started = performance.now();
    await producer.send({ topic: 'orders' });
    expect(performance.now() - started).toBeGreaterThan(350);
    cluster.setRoundTripTime(1, 0);
  });

  it.each([
    [{ brokers: 0 }, /brokers must be an integer from 1 to 100, got the number 0/],
    [{ brokers: 1.5 }, /brokers must be an integer/],
    [{ brokers: '3' }, /brokers must be an integer/],
    [{ broker: 3 }, /unknown option broker/],
    [
      { topics: [{ topic: 't', partitions: 0 }] },
      /partitions must be an integer from 1 to 100000, got the number 0/,
    ],
    [{ topics: [{ name: 'a' }] }, /unknown option topics\[0\]\.name/],
    [{ topics: [{}] }, /topics\[0\]\.topic must be/],
    [{ topics: [null] }, /topics\[0\].* must be an object/],
    [{ topics: ['a b'] }, /topics\[0\]\.topic must be .*, got the string "a b"/],
    [{ topics: ['twice', 'twice'] }, /createTopic: .*exists/i],
  ])('refuses %o', async (options, message) => {
    await expect(EmbeddedCluster.start(options as EmbeddedClusterOptions)).rejects.toThrow(message);
  });

  it('refuses leaders, partitions and topics that are not there', async () => {
    const cluster = await start({ topics: [{ topic: 'orders', partitions: 1 }] });
    expect(() => cluster.setLeader('orders', 0, 7)).toThrow(/setLeader/);
    expect(() => cluster.setLeader('orders', 7, 1)).toThrow(/setLeader/);
    expect(() => cluster.brokerDown(7)).toThrow(/brokerDown/);
    expect(() => cluster.setRoundTripTime(7, 1)).toThrow(/setRoundTripTime/);
    expect(() => cluster.createTopic('orders')).toThrow(/createTopic/);
  });

  it('may be closed twice, and is disposable', async () => {
    const cluster = await EmbeddedCluster.start();
    const { bootstrapServers } = cluster;
    await cluster[Symbol.asyncDispose]();
    await cluster.close();
    const producer = openProducer({ bootstrapServers, connectTimeoutMs: 300 });
    await expect(producer.connect()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(() => cluster.createTopic('late')).toThrow();
  });

  it('may be started many times over', async () => {
    for (let round = 0; round < 20; round++) {
      const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
      await cluster.close();
    }
    const cluster = await start({ topics: ['orders'] });
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    expect((await producer.send({ topic: 'orders' })).offset).toBe(0n);
  });
});
