// sendBatch(records, { topic }): the topic of records that name none.
import { expect, it, onTestFinished } from 'vitest';
import { BatchError } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

describeOnEachCluster('a batch with a topic of its own', (cluster) => {
  it('sends what names no topic there, and the rest where it says', async () => {
    const [topic, other] = await Promise.all([cluster.createTopic(1), cluster.createTopic(1)]);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = [
      { value: 'a' },
      { value: 'b', headers: { h: 'v' } },
      { topic: other, value: 'c' },
      { value: 'd' },
      { topic, value: 'e' },
    ];
    const result = await producer.sendBatch(records, { topic });
    expect(records.map((_, i) => result.record(i).topic)).toEqual([topic, topic, other, topic, topic]);
    const values = async (of: string) =>
      (await readBack(cluster.brokers, of)).map(({ value }) => String(value));
    expect(await values(topic)).toEqual(['a', 'b', 'd', 'e']);
    expect(await values(other)).toEqual(['c']);
  });

  it('names it in errors', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = [{ value: 'a' }, { value: 5 as unknown as string }, { value: 'c' }];
    const error = await producer.sendBatch(records, { topic }).catch((e) => e);
    expect(error).toBeInstanceOf(BatchError);
    expect(error.errors).toMatchObject([{ topic, index: 1, code: 'INVALID_RECORD' }]);
    expect(error.result.deliveredCount).toBe(2);
  });

  it('refuses records without one when there is none', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const error = await producer.sendBatch([{ value: 'a' } as never]).catch((e) => e);
    expect(error.errors).toMatchObject([{ index: 0, code: 'INVALID_RECORD' }]);
  });
});

it('is what unsent records are given back with', async () => {
  const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
  await producer.send({ topic: 'orders' });
  cluster.brokerDown(1);
  const sent = producer.sendBatch([{ value: 'a' }], { topic: 'orders' }).catch((e) => e);
  const { unsentRecords } = await producer.close({ timeoutMs: 0, unsentRecords: true });
  expect(unsentRecords?.map(({ record }) => record)).toEqual([{ topic: 'orders', value: 'a' }]);
  expect((await sent).errors).toMatchObject([{ code: 'PRODUCER_CLOSED' }]);
});
