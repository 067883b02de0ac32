// Records of one key (or one partition) are stored in the order of the calls, whether or not anybody waits for one
// before making the next.
import { expect, it } from 'vitest';
import type { Producer, ProducerRecord } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster, type TestCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

/** Makes records whose values tell their place in the order of making. */
function numbering(topic: string, keys: number) {
  let made = 0;
  return (count = 1): ProducerRecord[] =>
    Array.from({ length: count }, () => {
      const i = made++;
      return { topic, key: `key ${i % keys}`, value: `${i}` };
    });
}

async function expectInOrder(cluster: TestCluster, topic: string, count: number): Promise<void> {
  const stored = await readBack(cluster.brokers, topic);
  const values = stored.map(({ value }) => Number(value));
  expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  const byPartition = new Map<number, number[]>();
  for (const { partition, value } of stored) {
    byPartition.set(partition, [...(byPartition.get(partition) ?? []), Number(value)]);
  }
  for (const [partition, inPartition] of byPartition) {
    expect(inPartition, `partition ${partition}`).toEqual([...inPartition].sort((a, b) => a - b));
  }
}

describeOnEachCluster('records are stored in the order of the calls', (cluster) => {
  const situations: {
    situation: string;
    options: { bufferMemory?: number; lingerMs?: number };
    known: boolean;
  }[] = [
    { situation: 'of a topic that is known', options: {}, known: true },
    { situation: 'of a topic that is new', options: {}, known: false },
    { situation: 'while the buffer is full', options: { bufferMemory: 16 << 10 }, known: true },
    {
      situation: 'of a new topic while the buffer is full',
      options: { bufferMemory: 16 << 10 },
      known: false,
    },
    { situation: 'with lingerMs', options: { lingerMs: 20 }, known: true },
  ];

  async function open({ options, known }: (typeof situations)[number], partitions: number) {
    const topic = await cluster.createTopic(partitions);
    const producer = openProducer({ bootstrapServers: cluster.brokers, ...options });
    const next = numbering(topic, 3);
    let sent = 0;
    const take = (count?: number) => {
      const records = next(count);
      sent += records.length;
      return records;
    };
    if (known) await producer.sendBatch(take(3));
    return { topic, producer, take, expectAllInOrder: () => expectInOrder(cluster, topic, sent) };
  }

  const single = (producer: Producer, [record]: ProducerRecord[]) => producer.send(record);

  it.each(situations)('single sends $situation', async (situation) => {
    const { producer, take, expectAllInOrder } = await open(situation, 2);
    await Promise.all(Array.from({ length: 2_000 }, () => single(producer, take())));
    await expectAllInOrder();
  });

  it.each(situations)('batches $situation', async (situation) => {
    const { producer, take, expectAllInOrder } = await open(situation, 2);
    await Promise.all(Array.from({ length: 60 }, (_, i) => producer.sendBatch(take(1 + ((i * 37) % 100)))));
    await expectAllInOrder();
  });

  it.each(situations)('single sends and batches by turns $situation', async (situation) => {
    const { producer, take, expectAllInOrder } = await open(situation, 2);
    const sending: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      for (let singles = i % 4; singles > 0; singles--) sending.push(single(producer, take()));
      if (i % 3 !== 1) sending.push(producer.sendBatch(take((i * 7) % 40)));
    }
    await Promise.all(sending);
    await expectAllInOrder();
  });

  it.each(situations)('of several turns of the event loop $situation', async (situation) => {
    const { producer, take, expectAllInOrder } = await open(situation, 1);
    const sending: Promise<unknown>[] = [];
    for (let i = 0; i < 200; i++) {
      sending.push(single(producer, take()), producer.sendBatch(take(5)), single(producer, take()));
      if (i % 5 === 0) await new Promise((resume) => setImmediate(resume));
      if (i % 50 === 0) await new Promise((resume) => setTimeout(resume, 2));
    }
    await Promise.all(sending);
    await expectAllInOrder();
  });

  it('records with and without headers or timestamps', async () => {
    const { producer, take, expectAllInOrder } = await open(situations[0], 1);
    const records = take(500).map((record, i): ProducerRecord => {
      if (i % 3 === 1) return { ...record, headers: { i: `${i}` } };
      if (i % 7 === 1) return { ...record, timestamp: Date.now() - i };
      return record;
    });
    await Promise.all([
      producer.sendBatch(records.slice(0, 250)),
      ...records.slice(250).map((record) => producer.send(record)),
    ]);
    await expectAllInOrder();
  });

  it('small values between large ones', async () => {
    const { producer, take, expectAllInOrder } = await open(situations[0], 1);
    const topic = await cluster.createTopic(1);
    const sizes = Array.from({ length: 120 }, (_, i) => (i % 10 === 0 ? 200_000 : i));
    const large = sizes.map((size) => producer.send({ topic, value: Buffer.alloc(size) }));
    const offsets = (await Promise.all(large)).map(({ offset }) => offset);
    expect(offsets).toEqual(sizes.map((_, i) => BigInt(i)));
    await producer.sendBatch(take(3));
    await expectAllInOrder();
  });

  it('behind a batch whose topics are all new', async () => {
    const [a, b] = [await cluster.createTopic(1), await cluster.createTopic(1)];
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const [batch, single] = await Promise.all([
      producer.sendBatch([
        { topic: a, value: 'first' },
        { topic: b, value: 'first' },
      ]),
      producer.send({ topic: b, value: 'second' }),
    ]);
    expect([batch.record(1).offset, single.offset]).toEqual([0n, 1n]);
  });

  it('sent from a serializer or a getter while a batch is being read', async () => {
    const topic = await cluster.createTopic(1);
    const inner: Promise<unknown>[] = [];
    const producer = openProducer<string, number>({
      bootstrapServers: cluster.brokers,
      keySerializer: { serialize: (_topic, key) => key },
      valueSerializer: {
        serialize: (_topic, value) => {
          // Both kinds, in the middle of a frame.
          if (value === 10) inner.push(producer.send({ topic, value: 1000 }));
          if (value === 20)
            inner.push(
              producer.sendBatch([
                { topic, value: 1001 },
                { topic, value: 1002 },
              ]),
            );
          if (value === 1001) inner.push(producer.send({ topic, value: 1003 }));
          return String(value);
        },
      },
    });
    await producer.send({ topic, value: 0 });
    await producer.sendBatch(Array.from({ length: 30 }, (_, i) => ({ topic, value: i + 1 })));
    await Promise.all(inner);
    const values = (await readBack(cluster.brokers, topic)).map(({ value }) => Number(value));
    expect([...values].sort((x, y) => x - y)).toEqual([
      ...Array.from({ length: 31 }, (_, i) => i),
      1000,
      1001,
      1002,
      1003,
    ]);
    expect(values.filter((value) => value < 1000)).toEqual(Array.from({ length: 31 }, (_, i) => i));
  });

  it('sent through another producer by a getter, while the headers of a batch are being read', async () => {
    const topic = await cluster.createTopic(1);
    const [outer, other] = [1, 2].map(() => openProducer({ bootstrapServers: cluster.brokers }));
    await Promise.all([outer, other].map((producer) => producer.send({ topic, value: 'first' })));
    let inner: Promise<unknown> | undefined;
    const headers = {
      a: '1',
      get b() {
        inner ??= other.sendBatch(
          Array.from({ length: 3 }, () => ({ topic, value: 'inner', headers: { x: '7', y: '8', z: '9' } })),
        );
        return '2';
      },
      c: '3',
    };
    // The first record of a batch is looked at more closely: the getter is one of those read in a loop.
    const before = { topic, value: 'before', headers: { a: '1' } };
    await outer.sendBatch([before, before, { topic, value: 'outer', headers }, before]);
    await inner;
    const stored = await readBack(cluster.brokers, topic);
    const headersOf = (value: string) =>
      stored
        .filter((record) => String(record.value) === value)
        .map((record) => record.headers.map(([name, text]) => `${name}=${text}`).join(' '));
    expect(headersOf('outer')).toEqual(['a=1 b=2 c=3']);
    expect(headersOf('inner')).toEqual(Array(3).fill('x=7 y=8 z=9'));
    expect(headersOf('before')).toEqual(Array(3).fill('a=1'));
  });
});
