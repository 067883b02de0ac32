// A record that cannot be produced is rejected by itself, with the reason; the records beside it are delivered.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BatchError,
  jsonSerializer,
  MillraceError,
  Producer,
  type ProducerRecord,
  RecordError,
  stringSerializer,
} from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, endOffsets } from '../broker/topics';
import { describeOnEachCluster, type TestCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const MAX_REQUEST_SIZE = 50_000;

interface BadRecord {
  what: string;
  record(topic: string): unknown;
  code?: string;
  message: RegExp | string;
  /** Expected in the error beside what every one has. */
  details?: object;
  /** The record's topic is not known when it fails. */
  withoutTopic?: boolean;
}

const throwing = (thrown: unknown) => ({
  get: () => {
    throw thrown;
  },
  enumerable: true,
});

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

const BAD_RECORDS: BadRecord[] = [
  ...[null, undefined, 'text', 42, true, Symbol('s'), () => 'f'].map((record) => ({
    what: `the record ${String(record)}`,
    record: () => record,
    message: /the record must be an object with a topic, got /,
    withoutTopic: true,
  })),
  ...[undefined, null, '', 42, {}, ['a'], '.', '..', 'a b', 'a/b', 'ä', 'a'.repeat(250), 'a\n', 'a\0'].map(
    (topic) => ({
      what: `the topic name ${JSON.stringify(topic)?.slice(0, 20)}`,
      record: () => ({ topic, value: 'v' }),
      message: /topic must be a name of 1 to 249 letters, digits, dots, underscores or hyphens, got /,
      details: { field: 'topic' },
      withoutTopic: true,
    }),
  ),
  ...(['key', 'value'] as const).flatMap((field) =>
    [
      42,
      1n,
      true,
      {},
      ['a'],
      new Date(),
      Symbol('s'),
      () => 'f',
      new ArrayBuffer(4),
      new Uint16Array(4),
      new DataView(new ArrayBuffer(4)),
    ].map((data) => ({
      what: `a ${field} of ${typeof data} ${Object.prototype.toString.call(data)}`,
      record: (topic: string) => ({ topic, [field]: data }),
      message: new RegExp(
        `for topic .*: ${field} must be a string, Uint8Array or null \\(no ${field}Serializer is set\\), got `,
      ),
      details: { field },
    })),
  ),
  ...[Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 31, '0', 0n, {}].map((partition) => ({
    what: `the partition ${typeof partition} ${partition}`,
    record: (topic: string) => ({ topic, value: 'v', partition }),
    message: /partition must be an integer of at least 0, got /,
    details: { field: 'partition' },
  })),
  ...[3, 1000, 2 ** 31 - 1].map((partition) => ({
    what: `partition ${partition} of a topic that has 3`,
    record: (topic: string) => ({ topic, value: 'v', partition }),
    code: '_UNKNOWN_PARTITION',
    message: 'Unknown partition',
    details: { partition, persisted: 'no' },
  })),
  {
    what: 'a partition out of range for a record with headers',
    record: (topic) => ({ topic, value: 'v', partition: 3, headers: { h: '1' }, timestamp: 1 }),
    code: '_UNKNOWN_PARTITION',
    message: 'Unknown partition',
    details: { partition: 3 },
  },
  ...[
    Number.NaN,
    -1,
    1.5,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '0',
    1n,
    new Date(Number.NaN),
    new Date(-1),
    {},
  ].map((timestamp) => ({
    what: `the timestamp ${typeof timestamp} ${timestamp}`,
    record: (topic: string) => ({ topic, value: 'v', timestamp }),
    message: /timestamp must be milliseconds since the epoch, or a valid Date, got /,
    details: { field: 'timestamp' },
  })),
  ...[42, 'h', true, () => 'f'].map((headers) => ({
    what: `the headers ${headers}`,
    record: (topic: string) => ({ topic, value: 'v', headers }),
    message: /headers must be an object, or pairs of a name and a value, got /,
    details: { field: 'headers' },
  })),
  // What they hold is in no property of theirs: it would be lost.
  ...[
    new Date(),
    /h/,
    Promise.resolve({ h: 'v' }),
    new WeakMap(),
    new ArrayBuffer(2),
    new (class H {})(),
  ].map((headers) => ({
    what: `the headers ${Object.prototype.toString.call(headers)}`,
    record: (topic: string) => ({ topic, value: 'v', headers }),
    message: /headers must be an object, or pairs of a name and a value, got an object/,
  })),
  ...[['h'], [['h']], [['h', 'v', 'w']], [null], ['hv'], new Set(['hv']), new Uint8Array(2)].map(
    (headers) => ({
      what: `the headers ${Object.prototype.toString.call(headers)} ${JSON.stringify([...headers])}`,
      record: (topic: string) => ({ topic, value: 'v', headers }),
      message: /headers must be pairs of a name and a value, got /,
      details: { field: 'headers' },
    }),
  ),
  ...[[[42, 'v']], [[null, 'v']], [[Buffer.from('h'), 'v']]].map((headers) => ({
    what: `the header name of ${JSON.stringify(headers)}`,
    record: (topic: string) => ({ topic, value: 'v', headers }),
    message: /a header name must be a string, got /,
    details: { field: 'headers' },
  })),
  ...[{ h: 42 }, { h: {} }, { h: ['v', 42] }, [['h', true]], { h: [['v']] }].map((headers) => ({
    what: `the header value of ${JSON.stringify(headers)}`,
    record: (topic: string) => ({ topic, value: 'v', headers }),
    message: /header "h" must be a string, Uint8Array or null, got /,
    details: { field: 'headers' },
  })),
  {
    what: 'a value above maxRequestSize',
    record: (topic) => ({ topic, value: Buffer.alloc(50_000 - 35) }),
    code: 'MSG_SIZE_TOO_LARGE',
    message: /take 49965 bytes or more, and 36 around them; maxRequestSize is 50000/,
    details: { retriable: false },
  },
  {
    what: 'key, value and headers that are above maxRequestSize together',
    record: (topic) => ({
      topic,
      partition: 1,
      key: 'k'.repeat(10_000),
      value: 'v'.repeat(20_000),
      headers: { h: Buffer.alloc(20_000) },
    }),
    code: 'MSG_SIZE_TOO_LARGE',
    message: /maxRequestSize is 50000/,
    details: { partition: 1 },
  },
  {
    what: 'a value above maxRequestSize only when encoded',
    record: (topic) => ({ topic, value: '€'.repeat(20_000) }),
    code: 'MSG_SIZE_TOO_LARGE',
    message: /.*/,
  },
  ...['topic', 'key', 'value', 'partition', 'timestamp', 'headers'].map((field) => ({
    what: `a getter of ${field} that throws`,
    record: (topic: string) =>
      Object.defineProperty({ topic, value: 'v' }, field, throwing(new Error('not today'))),
    message: /could not be read: not today/,
    details: { cause: new Error('not today') },
    withoutTopic: true,
  })),
  ...[undefined, 'text', Object.create(null)].map((thrown) => ({
    what: `a getter that throws ${typeof thrown}`,
    record: (topic: string) => Object.defineProperty({ topic }, 'value', throwing(thrown)),
    message: /could not be read/,
    withoutTopic: true,
  })),
  {
    what: 'a header that throws when it is read',
    record: (topic) => ({
      topic,
      value: 'v',
      headers: Object.defineProperty({}, 'h', throwing(new Error('not today'))),
    }),
    message: /could not be read: not today/,
    withoutTopic: true,
  },
  {
    what: 'a revoked Proxy',
    record: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    message: /could not be read/,
    withoutTopic: true,
  },
  ...(['key', 'value'] as const).flatMap((field) => [
    {
      what: `a ${field} whose memory is gone`,
      record: (topic: string) => ({ topic, [field]: detached() }),
      message: /detached/,
      withoutTopic: true,
    },
    {
      what: `a ${field} that is a Proxy of bytes`,
      record: (topic: string) => ({ topic, [field]: new Proxy(new Uint8Array(3), {}) }),
      message: /could not be read/,
      withoutTopic: true,
    },
    {
      what: `a ${field} that only inherits from Uint8Array`,
      record: (topic: string) => ({ topic, [field]: Object.create(Uint8Array.prototype) }),
      message: /could not be read/,
      withoutTopic: true,
    },
  ]),
  {
    what: 'a header value whose memory is gone',
    record: (topic) => ({ topic, value: 'v', headers: { h: detached() } }),
    message: /detached/,
    withoutTopic: true,
  },
];

function open<K, V>(cluster: TestCluster, options: object = {}): Producer<K, V> {
  return openProducer<K, V>({
    bootstrapServers: cluster.brokers,
    maxRequestSize: MAX_REQUEST_SIZE,
    ...options,
  });
}

/** What it takes that nothing of the failed record is left behind. */
async function expectNothingHeld<K, V>(producer: Producer<K, V>): Promise<void> {
  await producer.flush();
  expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0, waitingSends: 0 });
}

describeOnEachCluster('a record that cannot be produced', (cluster) => {
  let shared: Producer;
  let topic: string;
  beforeAll(async () => {
    topic = await cluster.createTopic(3);
    shared = new Producer({ bootstrapServers: cluster.brokers, maxRequestSize: MAX_REQUEST_SIZE });
  });
  afterAll(() => shared.close());

  it.each(BAD_RECORDS)('rejects alone: $what', async (bad) => {
    const { record, code = 'INVALID_RECORD', message, details = {}, withoutTopic = false } = bad;
    const badRecord = record(topic) as ProducerRecord;
    const expected = (index: number) => ({
      code,
      index,
      topic: withoutTopic ? undefined : topic,
      retriable: false,
      fatal: false,
      persisted: 'no',
      message: expect.stringMatching(message),
      ...details,
    });

    const alone = await shared.send(badRecord).catch((error) => error);
    expect(alone).toBeInstanceOf(RecordError);
    expect(alone).toMatchObject(expected(0));

    const good = (i: number): ProducerRecord => ({ topic, partition: 1, value: `good ${i}` });
    const error: BatchError = await shared
      .sendBatch([badRecord, good(1), good(2), badRecord, badRecord, good(5), badRecord])
      .then(
        () => expect.unreachable(),
        (reason) => reason,
      );
    expect(error).toBeInstanceOf(BatchError);
    expect(error).toMatchObject({ code: 'BATCH_FAILED', retriable: false, fatal: false, name: 'BatchError' });
    expect(error.errors.map(({ index }) => index)).toEqual([0, 3, 4, 6]);
    for (const [i, index] of [0, 3, 4, 6].entries()) expect(error.errors[i]).toMatchObject(expected(index));
    expect(error.cause).toBe(error.errors[0]);
    expect(error.message).toContain('4 of 7 records failed');

    const { result } = error;
    expect([result.count, result.failedCount, result.deliveredCount]).toEqual([7, 4, 3]);
    const codes = [code, undefined, undefined, code, code, undefined, code];
    expect(codes.map((_, i) => result.errorCode(i))).toEqual(codes);
    expect(codes.map((_, i) => result.delivered(i))).toEqual(codes.map((own) => own === undefined));
    const first = result.offsets[1];
    expect([...result.offsets]).toEqual([-1n, first, first + 1n, -1n, -1n, first + 2n, -1n]);
    expect([1, 2, 5].map((i) => result.record(i))).toMatchObject(
      [first, first + 1n, first + 2n].map((offset) => ({ topic, partition: 1, offset })),
    );
    expect([0, 3, 4, 6].map((i) => result.timestamps[i])).toEqual([-1, -1, -1, -1]);
    expect(await endOffsets(cluster.brokers, topic)).toEqual([0n, first + 3n, 0n]);
    await expectNothingHeld(shared);
  });

  it('is told from the others in a batch where every second one is bad', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open(cluster);
    const records = Array.from({ length: 20_000 }, (_, i) =>
      i % 2 ? { topic, value: `${i}` } : { topic, value: i as never },
    );
    const error: BatchError = await producer.sendBatch(records).catch((reason) => reason);
    expect(error.errors.map(({ index }) => index)).toEqual(Array.from({ length: 10_000 }, (_, i) => i * 2));
    expect(error.result.deliveredCount).toBe(10_000);
    expect(error.result.offsets.filter((_, i) => i % 2 === 1)).toEqual(
      BigInt64Array.from({ length: 10_000 }, (_, i) => BigInt(i)),
    );
    await expectNothingHeld(producer);
  });

  it('may come a hundred thousand times between two good ones', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open(cluster);
    const records: ProducerRecord[] = [
      { topic, value: 'first' },
      ...new Array<never>(100_000).fill(undefined as never),
      { topic, value: 'last' },
    ];
    const error: BatchError = await producer.sendBatch(records).catch((reason) => reason);
    expect(error.errors).toHaveLength(100_000);
    expect([error.result.delivered(0), error.result.delivered(100_001)]).toEqual([true, true]);
    expect([error.result.offsets[0], error.result.offsets[100_001]]).toEqual([0n, 1n]);
    await expectNothingHeld(producer);
  });

  it('may be every one of a batch', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open(cluster);
    const error: BatchError = await producer
      .sendBatch([null, { topic: '' }] as never)
      .catch((reason) => reason);
    expect(error.errors.map(({ code }) => code)).toEqual(['INVALID_RECORD', 'INVALID_RECORD']);
    expect([...error.result.partitions]).toEqual([-1, -1]);
    expect(() => error.result.record(2)).toThrow(RangeError);
    expect(await endOffsets(cluster.brokers, topic)).toEqual([0n]);
    await expectNothingHeld(producer);
  });

  it('is told at once, also where its topic is not known', async () => {
    const producer = open(cluster, { maxBlockMs: 20_000 });
    const started = performance.now();
    await expect(producer.send({ topic: 'never-made', value: 42 as never })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
    });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each([
    [
      'throws an Error',
      () => {
        throw new Error('cannot');
      },
      'cannot',
      new Error('cannot'),
    ],
    [
      'throws a string',
      () => {
        throw 'cannot';
      },
      'cannot',
      'cannot',
    ],
    [
      'throws what cannot be shown',
      () => {
        throw Object.create(null);
      },
      '',
      undefined,
    ],
    ['returns a number', () => 42, 'returned the number 42', undefined],
    ['resolves to a number', async () => 42, 'returned the number 42', undefined],
    [
      'rejects',
      async () => {
        throw new Error('too late');
      },
      'failed: too late',
      expect.objectContaining({ message: 'too late' }),
    ],
  ] as [string, () => never, string, unknown][])(
    'because its serializer %s rejects with SERIALIZATION_FAILED',
    async (_what, fail, message, cause) => {
      const topic = await cluster.createTopic(1);
      for (const field of ['key', 'value'] as const) {
        const serializer = { serialize: (_topic: string, data: string) => (data === 'bad' ? fail() : data) };
        const producer = open<string, string>(cluster, { [`${field}Serializer`]: serializer });
        const expected = {
          code: 'SERIALIZATION_FAILED',
          topic,
          retriable: false,
          message: expect.stringContaining(message),
          ...(cause === undefined ? {} : { cause }),
        };
        const error = await producer.send({ topic, [field]: 'bad' }).catch((reason) => reason);
        expect(error).toBeInstanceOf(RecordError);
        expect(error).toMatchObject({ ...expected, index: 0 });
        const batchError: BatchError = await producer
          .sendBatch(['a', 'bad', 'c'].map((data) => ({ topic, [field]: data })))
          .catch((reason) => reason);
        expect(batchError.errors).toMatchObject([{ ...expected, index: 1 }]);
        expect(batchError.result.deliveredCount).toBe(2);
        await expectNothingHeld(producer);
      }
    },
  );

  it('by the given serializers is told by them', async () => {
    const topic = await cluster.createTopic(1);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const producer = open<unknown, unknown>(cluster, {
      keySerializer: stringSerializer,
      valueSerializer: jsonSerializer,
    });
    await expect(producer.send({ topic, key: 42 })).rejects.toMatchObject({
      code: 'SERIALIZATION_FAILED',
      message: expect.stringContaining('key serializer failed: expected a string, got 42'),
      cause: expect.any(TypeError),
    });
    await expect(producer.send({ topic, value: circular })).rejects.toMatchObject({
      code: 'SERIALIZATION_FAILED',
      message: expect.stringContaining('circular'),
    });
    await expect(producer.send({ topic, key: 'k', value: { fine: true } })).resolves.toMatchObject({ topic });
  });

  it('when the batch is no array rejects with INVALID_RECORD', async () => {
    const producer = open(cluster);
    for (const records of [undefined, null, 'text', { length: 1 }, new Set(), new Uint8Array(3)]) {
      const error = await producer.sendBatch(records as never).catch((reason) => reason);
      expect(error).toBeInstanceOf(MillraceError);
      expect(error).toMatchObject({ code: 'INVALID_RECORD', message: expect.stringContaining('array') });
    }
  });

  it('when the batch has holes rejects those alone', async () => {
    const topic = await cluster.createTopic(1);
    const records: ProducerRecord[] = [];
    records[2] = { topic, value: 'v' };
    const error: BatchError = await open(cluster)
      .sendBatch(records)
      .catch((reason) => reason);
    expect(error.errors.map(({ index }) => index)).toEqual([0, 1]);
    expect(error.result.delivered(2)).toBe(true);
  });
});

describeOnEachCluster('a record that only looks strange', (cluster) => {
  it('is delivered: a Proxy, an instance, an object without prototype, with surplus fields', async () => {
    const topic = await cluster.createTopic(1);
    class Order {
      topic = topic;
      get value() {
        return 'from a getter';
      }
    }
    const result = await open(cluster).sendBatch([
      new Proxy({ topic, value: 'v' }, {}),
      new Order(),
      Object.assign(Object.create(null), { topic, value: 'v' }),
      { topic, value: 'v', surplus: 42 } as ProducerRecord,
      Object.freeze({ topic, value: 'v' }),
      { topic },
      { topic, key: null, value: undefined, partition: undefined, timestamp: undefined, headers: undefined },
      { topic, partition: null as never, timestamp: null as never, headers: null as never },
    ]);
    expect(result.deliveredCount).toBe(8);
  });

  it('is read once, each of its fields', async () => {
    const topic = await cluster.createTopic(1);
    const reads: string[] = [];
    const record = new Proxy<ProducerRecord>(
      { topic, value: 'v' },
      {
        get(target, name, receiver) {
          reads.push(String(name));
          return Reflect.get(target, name, receiver);
        },
      },
    );
    const producer = open(cluster);
    await producer.send({ topic, value: 'makes the topic known' });
    for (const send of [() => producer.send(record), () => producer.sendBatch([record])]) {
      reads.length = 0;
      await send();
      expect([...reads].sort()).toEqual(['headers', 'key', 'partition', 'timestamp', 'topic', 'value']);
    }
  });

  it('is stored with its true bytes when a Buffer lies about its length', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open(cluster);
    const liar = (said: number) => {
      const bytes = Buffer.from('true');
      for (const name of ['length', 'byteLength']) Object.defineProperty(bytes, name, { value: said });
      return bytes;
    };
    class Shrinking extends Uint8Array {
      override get length() {
        return 0;
      }
      override get byteLength() {
        return 1 << 30;
      }
    }
    const values = [liar(0), liar(2), liar(1_000_000), liar(-1), liar(Number.NaN), new Shrinking([1, 2, 3])];
    for (const value of values) await producer.send({ topic, value, key: value, headers: { h: value } });
    await producer.sendBatch(values.map((value) => ({ topic, value })));
    const stored = await readBack(cluster.brokers, topic);
    const texts = [...Array(5).fill('true'), '\x01\x02\x03'];
    expect(stored.map(({ value }) => String(value))).toEqual([...texts, ...texts]);
    expect(stored.slice(0, 6).map(({ key }) => String(key))).toEqual(texts);
    expect(stored.slice(0, 6).map(({ headers }) => String(headers[0][1]))).toEqual(texts);
  });

  it('is delivered from shared and growing memory', async () => {
    const topic = await cluster.createTopic(1);
    const shared = new Uint8Array(new SharedArrayBuffer(5)).fill(97);
    const growing = new Uint8Array(
      new (ArrayBuffer as never as new (n: number, o: object) => ArrayBuffer)(3, { maxByteLength: 9 }),
    );
    (growing.buffer as never as { resize(n: number): void }).resize(5);
    const result = await open(cluster).sendBatch([
      { topic, value: shared },
      { topic, value: growing },
    ]);
    expect(result.deliveredCount).toBe(2);
  });
});

describeOnKafka('a record above the size that the topic takes', (brokers) => {
  it('rejects with MSG_SIZE_TOO_LARGE, and the producer goes on', async () => {
    const topic = await createTopic(brokers(), { partitions: 1, configs: { 'max.message.bytes': '2000' } });
    const producer = openProducer({ bootstrapServers: brokers() });
    await expect(producer.send({ topic, value: 'x'.repeat(3000) })).rejects.toMatchObject({
      code: 'MSG_SIZE_TOO_LARGE',
      topic,
      partition: 0,
      retriable: false,
      persisted: 'no',
    });
    await expect(producer.send({ topic, value: 'small' })).resolves.toMatchObject({ offset: 0n });
    expect(await endOffsets(brokers(), topic)).toEqual([1n]);
  });
});

describe('values in messages', () => {
  it('are shown, unless they are long', async () => {
    const producer = openProducer({ bootstrapServers: 'localhost:1' });
    const message = (topic: unknown) =>
      producer.send({ topic: topic as string }).catch((error: Error) => error.message);
    expect(await message('a b')).toContain('got the string "a b"');
    expect(await message('é'.repeat(300))).toContain('got a string of 300 characters');
    expect(await message(7)).toContain('got the number 7');
    expect(await message(null)).toContain('got null');
    expect(await message(Buffer.from('a'))).toContain('got an object (Buffer)');
    expect(await message(Symbol('s'))).toContain('got a symbol');
  });
});
