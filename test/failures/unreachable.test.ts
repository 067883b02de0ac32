// Brokers that cannot be reached, or go while records are on their way.
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

// Nothing listens on the discard port of the loopback interface.
const NOBODY = '127.0.0.1:9';

async function start() {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
  onTestFinished(() => cluster.close());
  return cluster;
}

describe('a broker that cannot be reached', () => {
  it('fails connect within connectTimeoutMs, and tells the reason', async () => {
    const producer = openProducer({ bootstrapServers: NOBODY, connectTimeoutMs: 600 });
    const started = performance.now();
    const error = await producer.connect().catch((reason) => reason);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'CONNECTION_FAILED', retriable: true });
    expect(error.message).toContain('refused');
    expect(error.cause.message).toContain('127.0.0.1:9');
  });

  it('fails sends within maxBlockMs', async () => {
    const producer = openProducer({ bootstrapServers: NOBODY, maxBlockMs: 600 });
    const started = performance.now();
    const outcomes = await Promise.all([
      producer.send({ topic: 'orders', value: 'v' }).catch((reason) => reason),
      producer
        .sendBatch([
          { topic: 'orders', value: 'v' },
          { topic: 'other', value: 'v' },
        ])
        .catch((reason) => reason),
    ]);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(outcomes[0]).toMatchObject({
      name: 'RecordError',
      code: 'METADATA_TIMEOUT',
      topic: 'orders',
      retriable: true,
    });
    expect(
      outcomes[1].errors.map((error: { code: string; topic: string }) => [error.code, error.topic]),
    ).toEqual([
      ['METADATA_TIMEOUT', 'orders'],
      ['METADATA_TIMEOUT', 'other'],
    ]);
  });

  it('does not keep close waiting', async () => {
    const producer = openProducer({ bootstrapServers: NOBODY });
    const outcome = producer.send({ topic: 'orders', value: 'v' }).catch((reason) => reason);
    const started = performance.now();
    await producer.close({ timeoutMs: 200 });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await outcome).toMatchObject({ code: 'PRODUCER_CLOSED', topic: 'orders' });
  });
});

describe('a broker that goes while records are on their way', () => {
  it('delivers them when it is back', async () => {
    const cluster = await start();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders', value: 'before' });
    cluster.brokerDown(1);
    const sends = Array.from({ length: 50 }, (_, i) =>
      producer.send({ topic: 'orders', partition: 0, value: `${i}` }),
    );
    cluster.brokerUp(1);
    const offsets = (await Promise.all(sends)).map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => Number(a - b)));
  });

  it('fails them after deliveryTimeoutMs when it stays away', async () => {
    const cluster = await start();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, deliveryTimeoutMs: 1500 });
    await producer.send({ topic: 'orders', value: 'before' });
    cluster.brokerDown(1);
    const started = performance.now();
    const error = await producer
      .send({ topic: 'orders', partition: 1, value: 'v' })
      .catch((reason) => reason);
    const took = performance.now() - started;
    expect(error).toMatchObject({ code: '_MSG_TIMED_OUT', topic: 'orders', partition: 1, retriable: true });
    expect(took).toBeGreaterThan(1350);
    expect(took).toBeLessThan(1650 + 2000);
  });

  it('settles everything on close, in time', async () => {
    const cluster = await start();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders', value: 'before' });
    cluster.brokerDown(1);
    const outcomes = Array.from({ length: 100 }, () =>
      producer.send({ topic: 'orders', value: 'v' }).catch((error) => error.code),
    );
    const batch = producer
      .sendBatch([{ topic: 'orders', value: 'v' }])
      .catch((error) => error.errors[0].code);
    const started = performance.now();
    await producer.close({ timeoutMs: 300 });
    expect(performance.now() - started).toBeLessThan(8000);
    expect(await Promise.all([...outcomes, batch])).toEqual(new Array(101).fill('PRODUCER_CLOSED'));
    expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0, failedRecords: 101 });
  });
});
