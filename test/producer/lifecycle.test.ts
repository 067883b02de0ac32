// From construction to the end: opening, flushing, closing, and what is refused when.
import { expect, it } from 'vitest';
import { BatchError, MillraceError, Producer, RecordError } from '../../src';
import { endOffsets } from '../broker/topics';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const sum = (offsets: bigint[]) => offsets.reduce((total, offset) => total + offset, 0n);

describeOnEachCluster('a producer', (cluster) => {
  it('sends before connect', async () => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    expect(await producer.send({ topic, value: 'early' })).toMatchObject({ topic, offset: 0n });
    await producer.connect();
  });

  it('delivers on close what was accepted, and refuses what comes after', async () => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const sends = Array.from({ length: 500 }, (_, i) => producer.send({ topic, value: `${i}` }));
    const batch = producer.sendBatch(Array.from({ length: 500 }, () => ({ topic, value: 'batch' })));
    const closed = producer.close();
    await expect(producer.send({ topic, value: 'late' })).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await expect(producer.sendBatch([{ topic, value: 'late' }])).rejects.toMatchObject({
      code: 'PRODUCER_CLOSED',
    });
    await closed;
    await Promise.all([...sends, batch]);
    expect(sum(await endOffsets(cluster.brokers, topic))).toBe(1000n);
    await producer.close();
    await expect(producer.connect()).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
  });

  it('tells of each record sent after close what it tells of others', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await producer.close();
    const late = { code: 'PRODUCER_CLOSED', topic: 'orders', persisted: 'no', retriable: false };
    const single = await producer.send({ topic: 'orders', partition: 2 }).catch((error) => error);
    expect(single).toBeInstanceOf(RecordError);
    expect(single).toBeInstanceOf(MillraceError);
    expect(single).toMatchObject({ ...late, partition: 2, index: 0 });
    const error = await producer
      .sendBatch([{ value: 'a' }, { topic: 'other', partition: 1 }, null as never], { topic: 'orders' })
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(BatchError);
    expect(error).toMatchObject({ code: 'PRODUCER_CLOSED', retriable: false });
    expect(error.errors).toMatchObject([
      { ...late, partition: undefined, index: 0 },
      { ...late, topic: 'other', partition: 1, index: 1 },
      { ...late, index: 2 },
    ]);
    expect(error.result).toMatchObject({ count: 3, failedCount: 3 });
    expect([...error.result.partitions]).toEqual([-1, -1, -1]);
    expect(error.result.errorCode(1)).toBe('PRODUCER_CLOSED');
    await expect(producer.sendBatch([])).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    const told: number[] = [];
    const sources = producer.sendAll(
      (function* () {
        for (;;) yield { topic: 'orders' };
      })(),
      { onRecordError: ({ index }) => told.push(index) },
    );
    await expect(sources).rejects.toMatchObject(late);
    expect(told.length).toBeGreaterThan(0);
  });

  it('closes although it never opened, and may be flushed meanwhile', async () => {
    const producer = new Producer({ bootstrapServers: cluster.brokers });
    const closing = producer.close();
    await producer.flush();
    await closing;
    await producer.flush();
  });

  it('closes when it is disposed of', async () => {
    const topic = await cluster.createTopic(1);
    const producer = new Producer({ bootstrapServers: cluster.brokers });
    const send = producer.send({ topic, value: 'v' });
    await producer[Symbol.asyncDispose]();
    expect((await send).offset).toBe(0n);
  });

  it('flushes what was sent before, without waiting out lingerMs', async () => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({ bootstrapServers: cluster.brokers, lingerMs: 20_000 });
    const settled: string[] = [];
    void producer.send({ topic, value: 'one' }).then(() => settled.push('one'));
    void producer.sendBatch([{ topic, value: 'two' }]).then(() => settled.push('two'));
    await producer.flush();
    expect(settled.sort()).toEqual(['one', 'two']);
    expect(sum(await endOffsets(cluster.brokers, topic))).toBe(2n);
    // However many ask.
    const sent = producer.send({ topic, value: 'three' });
    await Promise.all(Array.from({ length: 50 }, () => producer.flush()));
    await sent;
    await producer.flush();
  });

  it('resolves an empty batch', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const result = await producer.sendBatch([]);
    expect([result.count, result.failedCount, [...result.offsets]]).toEqual([0, 0, []]);
  });

  it('shares the process with nineteen others', async () => {
    const topic = await cluster.createTopic(4);
    const producers = Array.from({ length: 20 }, () => openProducer({ bootstrapServers: cluster.brokers }));
    await Promise.all(producers.map((producer, i) => producer.send({ topic, key: `${i}`, value: `${i}` })));
    expect(sum(await endOffsets(cluster.brokers, topic))).toBe(20n);
  });
});
