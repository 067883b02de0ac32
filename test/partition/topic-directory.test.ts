// Topics that are used for the first time, are not there, come later or grow.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Producer } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, deleteTopic, endOffsets, growTopic } from '../broker/topics';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

/** `maxBlockMs` is kept to a tenth and a second. */
function expectOnTime(started: number, maxBlockMs: number): void {
  const took = performance.now() - started;
  expect(took).toBeGreaterThan(maxBlockMs * 0.9);
  expect(took).toBeLessThan(maxBlockMs * 1.1 + 1000);
}

describeOnEachCluster('topics used for the first time', (cluster) => {
  it('all in one turn, get all their records', async () => {
    const topics = await Promise.all(Array.from({ length: 15 }, () => cluster.createTopic(2)));
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const sent = await Promise.all(topics.map((topic) => producer.send({ topic, value: 'v' })));
    expect(sent.map(({ topic }) => topic)).toEqual(topics);
  });

  it('one after the other, while others are being sent to', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const known = await cluster.createTopic(1);
    const sends: Promise<unknown>[] = [];
    for (let i = 0; i < 5; i++) {
      const topic = await cluster.createTopic(1);
      sends.push(
        producer.send({ topic }),
        producer.send({ topic: known }),
        producer.sendBatch([{ topic }, { topic: known }]),
      );
    }
    await Promise.all(sends);
    expect(await endOffsets(cluster.brokers, known)).toEqual([10n]);
  });

  it('from a producer that was opened when they were not there', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await producer.connect();
    const topic = await cluster.createTopic(1);
    expect(await producer.send({ topic })).toMatchObject({ topic, offset: 0n });
  });
});

describeOnKafka('a topic that is not there', (brokers) => {
  const missing = () => `missing-${randomUUID()}`;

  it('rejects single sends and batches when maxBlockMs is over, saying so', async () => {
    const maxBlockMs = 1500;
    const producer = openProducer({ bootstrapServers: brokers(), maxBlockMs });
    const topic = missing();
    await producer.connect();
    const started = performance.now();
    const [single, batch] = await Promise.all([
      producer.send({ topic, value: 'v' }).catch((error) => error),
      producer
        .sendBatch([
          { topic, value: 'a' },
          { topic, value: 'b' },
        ])
        .catch((error) => error),
    ]);
    expectOnTime(started, maxBlockMs);
    expect(single).toMatchObject({
      name: 'RecordError',
      code: 'METADATA_TIMEOUT',
      topic,
      index: 0,
      partition: undefined,
      retriable: true,
      persisted: 'no',
      message: expect.stringMatching(/maxBlockMs \(1500 ms\).*[Uu]nknown topic/),
    });
    expect(batch.errors).toMatchObject([
      { code: 'METADATA_TIMEOUT', topic, index: 0 },
      { code: 'METADATA_TIMEOUT', topic, index: 1 },
    ]);
    expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0 });
  });

  it('fails only its own records in a batch of several topics', async () => {
    const producer = openProducer({ bootstrapServers: brokers(), maxBlockMs: 1000 });
    const there = await createTopic(brokers(), { partitions: 1 });
    const topic = missing();
    const error = await producer
      .sendBatch([{ topic: there }, { topic }, { topic: there }, { topic, partition: 3 }, { topic: there }])
      .catch((reason) => reason);
    expect(error.errors).toMatchObject([
      { code: 'METADATA_TIMEOUT', topic, index: 1 },
      { code: 'METADATA_TIMEOUT', topic, index: 3 },
    ]);
    expect([0, 2, 4].map((i) => error.result.record(i))).toMatchObject([
      { topic: there, offset: 0n },
      { topic: there, offset: 1n },
      { topic: there, offset: 2n },
    ]);
    expect(error.result.record(1)).toMatchObject({ topic, partition: -1, offset: -1n, timestamp: -1 });
  });

  it('does not hold up sends to topics that are', async () => {
    const producer = openProducer({ bootstrapServers: brokers(), maxBlockMs: 4000 });
    const there = await createTopic(brokers(), { partitions: 1 });
    let rejected = false;
    const hopeless = producer.send({ topic: missing() }).catch(() => {
      rejected = true;
    });
    for (let i = 0; i < 3; i++) await producer.send({ topic: there });
    expect(rejected).toBe(false);
    await hopeless;
  });

  it('gets the records that waited once it is made', async () => {
    const producer = openProducer({ bootstrapServers: brokers(), maxBlockMs: 20_000 });
    const topic = missing();
    const waiting = Promise.all([
      producer.send({ topic, value: '0' }),
      producer.sendBatch([
        { topic, value: '1' },
        { topic, value: '2' },
      ]),
      producer.send({ topic, value: '3' }),
    ]);
    await new Promise((resume) => setTimeout(resume, 300));
    await createTopic(brokers(), { topic, partitions: 1 });
    const [first, batch, last] = await waiting;
    expect([first.offset, ...batch.offsets, last.offset]).toEqual([0n, 1n, 2n, 3n]);
  });

  it('is asked for anew by the next record after it failed', async () => {
    const producer = openProducer({ bootstrapServers: brokers(), maxBlockMs: 600 });
    const topic = missing();
    await expect(producer.send({ topic })).rejects.toMatchObject({ code: 'METADATA_TIMEOUT' });
    await createTopic(brokers(), { topic, partitions: 1 });
    expect(await producer.send({ topic })).toMatchObject({ topic, offset: 0n });
  });
});

describeOnKafka('a topic that changes', (brokers) => {
  it('gets records in its new partitions, once they are known', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const producer = openProducer({ bootstrapServers: brokers(), metadataMaxAgeMs: 200 });
    await producer.send({ topic });
    await growTopic(brokers(), topic, 3);
    await expect
      .poll(
        async () => {
          const records = Array.from({ length: 9 }, () => ({ topic }));
          return new Set((await producer.sendBatch(records)).partitions).size;
        },
        { timeout: 15_000, interval: 100 },
      )
      .toBe(3);
    expect(await producer.send({ topic, partition: 2 })).toMatchObject({ partition: 2 });
  });

  it('by being deleted and made again does not end the producer', async () => {
    const topic = await createTopic(brokers(), { partitions: 2 });
    const options = { bootstrapServers: brokers(), metadataMaxAgeMs: 200, deliveryTimeoutMs: 3000 };
    const producer = openProducer(options);
    await producer.sendBatch([{ topic }, { topic }]);
    await deleteTopic(brokers(), topic);
    await createTopic(brokers(), { topic, partitions: 2 });
    await expect
      .poll(
        () =>
          producer.send({ topic, partition: 0 }).then(
            () => 'sent',
            (error) => error.code,
          ),
        {
          timeout: 20_000,
        },
      )
      .toBe('sent');
  });
});

describe('a broker that does not answer', () => {
  async function stalled(maxBlockMs: number): Promise<Producer> {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    cluster.setRoundTripTime(1, 60_000);
    return openProducer({ bootstrapServers: cluster.bootstrapServers, maxBlockMs });
  }

  it('lets each send wait for its own time, and a batch of many topics for no longer', async () => {
    const maxBlockMs = 2500;
    const producer = await stalled(maxBlockMs);
    const timesOut = async (sent: Promise<unknown>) => {
      const started = performance.now();
      await expect(sent).rejects.toThrow(/not known within maxBlockMs/);
      expectOnTime(started, maxBlockMs);
    };
    const topics = ['orders', 'b', 'c', 'd', 'e'].map((topic) => ({ topic }));
    const first = timesOut(producer.send({ topic: 'orders' }));
    const batch = timesOut(producer.sendBatch(topics));
    await sleep(1500);
    const second = timesOut(producer.send({ topic: 'orders' }));
    const another = timesOut(producer.send({ topic: 'f' }));
    await Promise.all([first, batch, second, another]);
    expect(producer.metrics().outstandingRecords).toBe(0);
  });

  it.each([[400], [3000]])(
    'lets sends wait for maxBlockMs, here %i ms, and no longer',
    async (maxBlockMs) => {
      const producer = await stalled(maxBlockMs);
      const started = performance.now();
      await expect(producer.send({ topic: 'orders' })).rejects.toMatchObject({ code: 'METADATA_TIMEOUT' });
      expectOnTime(started, maxBlockMs);
    },
  );

  it('is waited for by partitionsFor, for longer than it takes others to answer', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders' });
    cluster.setRoundTripTime(1, 4500);
    expect(await producer.partitionsFor('orders')).toHaveLength(4);
    cluster.setRoundTripTime(1, 0);
  });

  it.each<[string, (producer: Producer) => Promise<unknown>]>([
    ['partitionsFor', (producer) => producer.partitionsFor('orders')],
    ['connect', (producer) => producer.connect()],
  ])('does not keep %s waiting when the producer closes', async (_, call) => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = new Producer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders' });
    cluster.setRoundTripTime(1, 60_000);
    const asked = expect(call(producer)).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await sleep(100);
    const started = performance.now();
    await producer.close({ timeoutMs: 0 });
    await asked;
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('does not keep close waiting, however often metadata is wanted', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = new Producer({ bootstrapServers: cluster.bootstrapServers, metadataMaxAgeMs: 10 });
    await producer.send({ topic: 'orders' });
    cluster.setRoundTripTime(1, 60_000);
    await new Promise((resume) => setTimeout(resume, 2000));
    const started = performance.now();
    await producer.close({ timeoutMs: 0 });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('an embedded cluster', () => {
  it('makes a topic when it is first used', async () => {
    const cluster = await EmbeddedCluster.start();
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const { partitions } = await producer.sendBatch(
      Array.from({ length: 8 }, () => ({ topic: 'made-on-use' })),
    );
    expect(new Set(partitions).size).toBe(4);
  });
});
