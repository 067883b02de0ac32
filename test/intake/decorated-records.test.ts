// Records of a batch that have headers, timestamps or partitions: all shapes beside each other, wrong ones among them.
import { expect, it } from 'vitest';
import type { BatchError, ProducerRecord } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { asReadBack, byPartitionAndOffset, comparable } from '../testing/expected-records';
import { openProducer } from '../testing/open-producer';

const LONG = 'l'.repeat(3000);

describeOnEachCluster('decorated records', (cluster) => {
  it('arrive as they were given', async () => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const decorations: Partial<ProducerRecord>[] = [
      {},
      { headers: { a: '1', b: 'zwei' } },
      { headers: { a: '' } },
      { headers: {} },
      { headers: [] },
      { headers: { nothing: null, bytes: Buffer.from([0, 255]) } },
      { headers: { [LONG]: LONG } },
      { headers: { ünï: 'ö€😀' } },
      {
        headers: [
          ['twice', 'a'],
          ['twice', 'b'],
        ],
      },
      { timestamp: 1_700_000_000_001 },
      { timestamp: 1_700_000_000_002, headers: { a: 'x' } },
      { timestamp: new Date(1_700_000_000_003), headers: { a: 'x' } },
      { partition: 2 },
      { partition: 0, timestamp: 1_700_000_000_004, headers: { a: 'x' } },
    ];
    const fields = ['', 'text', 'ä€😀', null, undefined, Buffer.from('bytes'), LONG];
    const records = decorations.flatMap((decoration) =>
      fields.flatMap((key) => fields.map((value) => ({ topic, key, value, ...decoration }))),
    );
    const asStored = async () => {
      const result = await producer.sendBatch(records);
      return records.map((record, i) => asReadBack(record, result.record(i)));
    };
    // More than once: the addon fills the lists of headers that were delivered anew.
    const expected = byPartitionAndOffset([
      ...(await asStored()),
      ...(await asStored()),
      ...(await asStored()),
    ]);
    const stored = await readBack(cluster.brokers, topic);
    const inShort = (record: (typeof stored)[number]) => comparable(record, cluster.tellsTimestamps);
    expect(stored.map(inShort)).toEqual(expected.map(inShort));
  });

  it('may have their headers in whatever gives pairs', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await producer.send({ topic });
    const map = new Map<string, string | null>([
      ['a', 'b'],
      ['nothing', null],
    ]);
    // An object of its own kind, as some libraries have.
    class Carrier {
      a = 'b';
    }
    const pairs = function* (): Generator<[string, string]> {
      yield ['a', 'b'];
    };
    const shapes: (() => ProducerRecord['headers'])[] = [
      () => map,
      () => new Headers({ a: 'b' }),
      () => new URLSearchParams('a=b'),
      () => Object.assign(Object.create(null), { a: 'b' }),
      () => new Carrier() as unknown as Record<string, string>,
      pairs,
      () => new Map(),
    ];
    for (const shape of shapes) await producer.send({ topic, value: 'v', headers: shape() });
    const plain = { topic, value: 'v', headers: { a: 'b' } };
    await producer.sendBatch(shapes.flatMap((shape) => [plain, { topic, value: 'v', headers: shape() }]));
    const b = Buffer.from('b');
    const one = [['a', b]];
    const expected = [
      [
        ['a', b],
        ['nothing', null],
      ],
      one,
      one,
      one,
      one,
      one,
      [],
    ];
    const stored = (await readBack(cluster.brokers, topic)).slice(1).map(({ headers }) => headers);
    expect(stored).toEqual([...expected, ...expected.flatMap((headers) => [one, headers])]);
  });

  it('with thousands of tiny headers do too', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const headers = Array.from({ length: 12_000 }, (_, i) => [`${i}`, 'x'] as [string, string]);
    await producer.sendBatch([
      { topic, headers: { few: '1' } },
      { topic, value: 'v', headers },
      { topic, headers: { few: '2' } },
    ]);
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map((record) => record.headers.length)).toEqual([1, 12_000, 1]);
  });

  it.each([
    ['partition -1', { partition: -1 }, 'partition must be'],
    ['partition 1.5', { partition: 1.5 }, 'partition must be'],
    ['timestamp -1', { timestamp: -1 }, 'timestamp must be'],
    ['timestamp NaN', { timestamp: Number.NaN }, 'timestamp must be'],
    ['headers that are text', { headers: 'a' as never }, 'headers must be'],
    ['a header that is a number', { headers: { a: 1 } as never }, 'header "a" must be'],
    ['a header name that is a number', { headers: [[1, 'a']] as never }, 'a header name must be'],
    ['a pair of three', { headers: [['a', 'b', 'c']] as never }, 'headers must be'],
  ])('with %s fail alone', async (_what, wrong, message) => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const good = { topic, value: 'v', headers: { a: 'x' } };
    const error: BatchError = await producer.sendBatch([good, { ...good, ...wrong }, good]).then(
      () => expect.fail('one must have failed'),
      (reason) => reason,
    );
    expect(error.errors).toMatchObject([
      { index: 1, code: 'INVALID_RECORD', message: expect.stringContaining(message) },
    ]);
    expect(await readBack(cluster.brokers, topic)).toHaveLength(2);
  });

  it('whose headers send, or spoil other fields, while they are read harm nobody', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await producer.send({ topic, value: 'first' });
    const inner: Promise<unknown>[] = [];
    const value = new Uint8Array(100);
    const sending = {
      get a(): string {
        inner.push(producer.send({ topic, value: 'inner' }).catch((error) => error.code));
        structuredClone(value.buffer, { transfer: [value.buffer] });
        return 'x';
      },
    };
    const good = { topic, value: 'good', headers: { a: 'x' } };
    const outcome = await producer
      .sendBatch([good, { topic, value, headers: sending }, good])
      .catch((error: BatchError) => error.errors.map(({ index }) => index));
    expect(outcome).toEqual([1]);
    const answers = await Promise.all(inner);
    const stored = (await readBack(cluster.brokers, topic)).map((record) => `${record.value}`);
    expect(stored.filter((one) => one === 'good')).toHaveLength(2);
    expect(stored.filter((one) => one === 'inner')).toHaveLength(
      answers.filter((answer) => typeof answer === 'object').length,
    );
  });
});
