// What was sent is what is stored: every record is read back and compared in every field.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BatchResult, BytesLike, Headers, Producer, ProducerRecord, RecordMetadata } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster, type TestCluster } from '../testing/each-cluster';
import { asReadBack, byPartitionAndOffset, comparable } from '../testing/expected-records';
import { openProducer } from '../testing/open-producer';

type Sent = [record: ProducerRecord, metadata: RecordMetadata][];

async function sendSingly(producer: Producer, records: ProducerRecord[]): Promise<Sent> {
  const metadata = await Promise.all(records.map((record) => producer.send(record)));
  return records.map((record, i) => [record, metadata[i]]);
}

async function sendTogether(producer: Producer, records: ProducerRecord[]): Promise<Sent> {
  const result: BatchResult = await producer.sendBatch(records);
  return records.map((record, i) => [record, result.record(i)]);
}

async function expectStored(cluster: TestCluster, topic: string, sent: Sent): Promise<void> {
  const stored = await readBack(cluster.brokers, topic);
  const expected = byPartitionAndOffset(sent.map(([record, metadata]) => asReadBack(record, metadata)));
  const { tellsTimestamps } = cluster;
  expect(stored.map((record) => comparable(record, tellsTimestamps))).toEqual(
    expected.map((record) => comparable(record, tellsTimestamps)),
  );
}

const BIT_PATTERN = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i));
const WITHIN_A_LARGER_BUFFER = new Uint8Array(BIT_PATTERN.buffer, BIT_PATTERN.byteOffset + 100, 60);

const FIELDS: BytesLike[] = [
  null,
  undefined,
  '',
  Buffer.alloc(0),
  'ascii',
  'x'.repeat(100),
  'über',
  'Größe €',
  '日本語',
  '😀',
  '\u0000',
  '\u007f\u0080\u07ff\u0800\uffff',
  'a 😀 b €',
  '\ud83d',
  '\ude00',
  'high \ud83d',
  '\ude00 low',
  '\ude00\ud83d',
  '\ud83d\ud83d\ude00',
  BIT_PATTERN,
  WITHIN_A_LARGER_BUFFER,
  new Uint8Array([0xff, 0xfe, 0x00]),
  Buffer.from([0xed, 0xa0, 0xbd]),
];

// Neighbours that, written in one go, would join to a surrogate pair.
const JOINING: [BytesLike, BytesLike][] = [
  ['\ud83d', '\ude00'],
  ['a\ud83d', '\ude00b'],
  ['\ude00', '\ud83d'],
  ['plain', 'plain\ud83d'],
  ['\ude00plain', '\ud83d\ude00'],
  ['\ud83d', '\ude00\ud83d'],
  ['\ude00\ud83d', '\ude00'],
  ['€\ud83d', null],
  ['\ude00', Buffer.from('bytes')],
  ['\ud83d', ''],
  ['\ude00', 'end'],
];

const around = (size: number) => [size - 1, size, size + 1];
const SIZES = [
  0,
  1,
  ...around(24),
  ...around(127),
  ...around(2 << 10),
  ...around(8 << 10),
  ...around(16 << 10),
];
const LARGE_SIZES = [
  ...around(64 << 10),
  ...around(128 << 10),
  ...around(512 << 10),
  1_000_000,
  (1 << 20) - 200,
];

/** `bytes` bytes of text, its last characters of the given width. */
function text(bytes: number, character: string): string {
  const width = Buffer.byteLength(character);
  return 'x'.repeat(bytes % width) + character.repeat(Math.floor(bytes / width));
}

const HEADERS: Headers[] = [
  {},
  [],
  { one: 'text' },
  { bytes: BIT_PATTERN, empty: '', noBytes: Buffer.alloc(0), nothing: null, absent: undefined },
  { repeated: ['a', null, Buffer.from('c'), ''], none: [] },
  [
    ['repeated', 'a'],
    ['repeated', null],
    ['other', 'x'],
    ['repeated', Buffer.from([0xff])],
  ],
  { 'Größe €': '日本語 😀', '\ud83d': '\ude00' },
  [['', 'a name may be empty']],
  Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`header ${i}`, `value ${i}`])),
  { long: 'x'.repeat(100_000), ['y'.repeat(3000)]: Buffer.alloc(3000, 7) },
];

describeOnEachCluster('records come back as they were sent', (cluster) => {
  const ways = [
    { way: 'singly', sendAll: sendSingly },
    { way: 'as a batch', sendAll: sendTogether },
  ];

  it.each(ways)('every kind of key and value, sent $way', async ({ sendAll }) => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = FIELDS.flatMap((key) => FIELDS.map((value) => ({ topic, key, value })));
    await expectStored(cluster, topic, await sendAll(producer, records));
  });

  it.each(ways)('halves of surrogate pairs beside each other, sent $way', async ({ sendAll }) => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records: ProducerRecord[] = JOINING.map(([key, value]) => ({ topic, key, value }));
    for (const [name, value] of JOINING) {
      records.push({ topic, key: '\ude00', value: 'x\ud83d', headers: [[String(name), value]] });
    }
    await expectStored(cluster, topic, await sendAll(producer, records));
  });

  it.each(ways)('text and bytes of sizes around every threshold, sent $way', async ({ sendAll }) => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records: ProducerRecord[] = [];
    for (const size of SIZES) {
      for (const value of [
        text(size, 'x'),
        text(size, 'ü'),
        text(size, '€'),
        text(size, '😀'),
        Buffer.alloc(size, size),
      ]) {
        records.push({ topic, value }, { topic, key: value, value: 'after it' });
      }
    }
    await expectStored(cluster, topic, await sendAll(producer, records));
  });

  it.each(ways)('values up to 1 MiB, sent $way', async ({ sendAll }) => {
    const topic = await cluster.createTopic(8);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records: ProducerRecord[] = [];
    for (const [i, size] of LARGE_SIZES.entries()) {
      const partition = i % 8;
      records.push({ topic, partition, value: text(size, i % 2 ? 'x' : '€') });
      records.push({ topic, partition, value: 'between' });
    }
    records.push({ topic, partition: 7, value: Buffer.alloc(700_000, BIT_PATTERN) });
    await expectStored(cluster, topic, await sendAll(producer, records));
  });

  it.each(ways)('headers of every shape, sent $way', async ({ sendAll }) => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records: ProducerRecord[] = HEADERS.flatMap((headers) => [
      { topic, key: 'k', value: 'v', headers },
      { topic, value: null, headers },
      { topic, value: 'between' },
    ]);
    await expectStored(cluster, topic, await sendAll(producer, records));
  });

  it.each(ways)('timestamps as numbers and dates, sent $way', async ({ sendAll }) => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const now = Date.now();
    const records: ProducerRecord[] = [
      1,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 32 + 1,
      now,
      now - 86_400_000,
    ].flatMap((timestamp) => [
      { topic, value: 'number', timestamp },
      { topic, value: 'date', timestamp: new Date(timestamp), headers: { h: '1' } },
    ]);
    const sent = await sendAll(producer, records);
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map(({ timestamp }) => timestamp)).toEqual(
      records.map(({ timestamp }) => Number(timestamp)),
    );
    await expectStored(cluster, topic, sent);
  });

  it.each(ways)('explicit partitions, sent $way', async ({ sendAll }) => {
    const topic = await cluster.createTopic(5);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = Array.from({ length: 100 }, (_, i) => ({
      topic,
      key: 'the same key everywhere',
      value: `${i}`,
      partition: (i * 3) % 5,
    }));
    const sent = await sendAll(producer, records);
    expect(sent.map(([, { partition }]) => partition)).toEqual(records.map(({ partition }) => partition));
    await expectStored(cluster, topic, sent);
  });

  it('a batch of 30,000 records, more than any frame takes', async () => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = Array.from({ length: 30_000 }, (_, i) => ({
      topic,
      key: i % 3 === 0 ? null : `key ${i % 100}`,
      value: i % 7 === 0 ? `wert ü ${i}` : `value ${i}`,
    }));
    await expectStored(cluster, topic, await sendTogether(producer, records));
  });

  it('a batch several times as large as bufferMemory', async () => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers, bufferMemory: 128 << 10 });
    const records = Array.from({ length: 3_000 }, (_, i) => ({
      topic,
      key: `key ${i % 10}`,
      value: Buffer.alloc(i % 500, i),
      headers: i % 5 === 0 ? { i: `${i}` } : undefined,
    }));
    await expectStored(cluster, topic, await sendTogether(producer, records));
  });

  it('batches of several topics', async () => {
    const topics = await Promise.all([1, 2, 5].map((partitions) => cluster.createTopic(partitions)));
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records: ProducerRecord[] = Array.from({ length: 6_000 }, (_, i) => ({
      topic: topics[(i * i) % 3],
      key: i % 4 === 0 ? null : `key ${i % 50}`,
      value: `value ${i}`,
      headers: i % 10 === 0 ? [['i', `${i}`]] : undefined,
    }));
    const result = await producer.sendBatch(records);
    const sent: Sent = records.map((record, i) => [record, result.record(i)]);
    for (const [record, metadata] of sent) expect(metadata.topic).toBe(record.topic);
    for (const topic of topics) {
      await expectStored(
        cluster,
        topic,
        sent.filter(([record]) => record.topic === topic),
      );
    }
  });

  it.each([['gzip'], ['none']] as const)('compressed with %s', async (compression) => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers, compression });
    const records = Array.from({ length: 500 }, (_, i) => ({
      topic,
      key: `${i % 9}`,
      value: `value ${i}`.repeat(9),
    }));
    await expectStored(cluster, topic, await sendTogether(producer, records));
  });

  it('any random batches and single sends', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 1, maxLength: 8 }), async (calls) => {
        const topic = await cluster.createTopic(4);
        const sending = calls.map(({ records, singly }) => {
          const own = records.map((record) => ({ ...record, topic }));
          return singly ? sendSingly(producer, own) : sendTogether(producer, own);
        });
        await expectStored(cluster, topic, (await Promise.all(sending)).flat());
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});

// Kafka refuses timestamps that are more than an hour ahead.
const STARTED_AT = Date.now();

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const anyUnits = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0xd7f0, max: 0xe010 })), {
    maxLength: 20,
  })
  .map((units) => String.fromCharCode(...units));
const anyField: fc.Arbitrary<BytesLike> = fc.oneof(
  fc.constantFrom(null, undefined, ''),
  anyText,
  anyUnits,
  fc.tuple(anyText, fc.integer({ min: 1, max: 120 })).map(([unit, times]) => unit.repeat(times)),
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.uint8Array({ maxLength: 8 }), fc.integer({ min: 1, max: 3_000 }))
    .map(([bytes, size]) => Buffer.alloc(size, bytes.length ? bytes : 0)),
);
// KafkaJS, which reads, takes names for properties of an object.
const anyName = fc.oneof(anyText, anyUnits).filter((name) => !(name in {}));
const anyHeaders = fc.option(fc.array(fc.tuple(anyName, anyField), { maxLength: 5 }), {
  nil: undefined,
  freq: 2,
});
const anyCall = fc.record({
  singly: fc.boolean(),
  records: fc.array(
    fc.record({
      key: anyField,
      value: anyField,
      headers: anyHeaders,
      partition: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      timestamp: fc.option(fc.integer({ min: 1, max: STARTED_AT }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
});
