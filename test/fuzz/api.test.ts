// The public API given anything at all: nothing crashes, every promise settles, with a typed error or a delivery that is
// really there. FUZZ_RUNS sets the number of inputs.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchError, MillraceError, Producer, type ProducerRecord, RecordError } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { endOffsets } from '../broker/topics';
import { readHeadersInOrder } from '../properties/read-headers';
import { asReadBack, byPartitionAndOffset, comparable } from '../testing/expected-records';
import { openProducer } from '../testing/open-producer';
import { goodText, hostileValue, resizable } from './hostile-values';

const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
const TIMEOUT_MS = 60_000 + numRuns * 100;

let cluster: EmbeddedCluster;
beforeAll(async () => {
  cluster = await EmbeddedCluster.start();
});
afterAll(() => cluster.close());

function newTopic(partitions = 3): string {
  const topic = `fuzz-${randomUUID()}`;
  cluster.createTopic(topic, partitions);
  return topic;
}

const FIELDS = ['topic', 'key', 'value', 'partition', 'timestamp', 'headers'] as const;

/** A record with some fields of any kind, as values or behind getters. */
function hostileRecord(topic: string): fc.Arbitrary<() => unknown> {
  const field = fc.record({ name: fc.constantFrom(...FIELDS), make: hostileValue, getter: fc.boolean() });
  const spoilt = fc.array(field, { maxLength: 3 }).map((fields) => () => {
    const record: Record<string, unknown> = { topic, key: 'k', value: 'v' };
    for (const { name, make, getter } of fields) {
      Object.defineProperty(record, name, {
        ...(getter ? { get: make } : { value: make(), writable: true }),
        configurable: true,
        enumerable: true,
      });
    }
    return record;
  });
  return fc.oneof({ weight: 6, arbitrary: spoilt }, { weight: 1, arbitrary: hostileValue });
}

async function stored(topic: string): Promise<number> {
  const ends = await endOffsets(cluster.bootstrapServers, topic);
  return Number(ends.reduce((sum, end) => sum + end, 0n));
}

describe('given anything at all', () => {
  it(
    'send and sendBatch settle with a typed error or a delivery that is there',
    async () => {
      const topic = newTopic();
      const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, maxBlockMs: 2000 });
      let delivered = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(hostileRecord(topic), { minLength: 1, maxLength: 8 }), async (makers) => {
          const singles = await Promise.allSettled(
            makers.map((make) => producer.send(make() as ProducerRecord)),
          );
          for (const outcome of singles) {
            if (outcome.status === 'fulfilled') delivered += outcome.value.topic === topic ? 1 : 0;
            else expect(outcome.reason).toBeInstanceOf(RecordError);
          }
          const records = makers.map((make) => make() as ProducerRecord);
          const batch = await producer.sendBatch(records).catch((error: unknown) => error as BatchError);
          if (batch instanceof Error) {
            expect(batch).toBeInstanceOf(BatchError);
            expect(batch.errors.every((error) => error instanceof RecordError)).toBe(true);
            expect(batch.errors.every(({ index }) => index >= 0 && index < records.length)).toBe(true);
          }
          const failed = batch instanceof Error ? batch.errors.length : 0;
          // Topics other than ours may be meant, and are made by the embedded cluster.
          const elsewhere = records.filter((record, i) => !isAt(record, topic) && !failedAt(batch, i)).length;
          delivered += records.length - failed - elsewhere;
        }),
        { numRuns },
      );
      await producer.flush();
      expect(await stored(topic)).toBe(delivered);
      expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0, waitingSends: 0 });
    },
    TIMEOUT_MS,
  );

  it(
    'sendBatch takes no array that lies',
    async () => {
      const topic = newTopic();
      const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
      const good = { topic, value: 'v' };
      const arrays: (() => unknown)[] = [
        () =>
          new Proxy([good, good], {
            get: (target, name) => (name === 'length' ? 5 : Reflect.get(target, name)),
          }),
        () =>
          new Proxy([good], {
            get: () => {
              throw new Error('no');
            },
          }),
        () => Object.assign([good], { length: 3 }),
        () => {
          const records: unknown[] = [good, good, good];
          Object.defineProperty(records, 1, {
            get: () => {
              records.length = 0;
              return good;
            },
          });
          return records;
        },
        () => {
          const records: unknown[] = [good];
          Object.defineProperty(records, 0, {
            get: () => {
              if (records.length < 50) records.push(good);
              return good;
            },
          });
          return records;
        },
      ];
      for (const make of arrays) {
        const outcome = await Promise.resolve()
          .then(() => producer.sendBatch(make() as ProducerRecord[]))
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        if (outcome !== undefined) expect(outcome).toBeInstanceOf(Error);
        expect((await producer.send(good)).topic).toBe(topic);
      }
      await producer.flush();
      expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0 });
    },
    TIMEOUT_MS,
  );

  it('a record may not do harm with the producer while it is read', async () => {
    const topic = newTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const inner: Promise<unknown>[] = [];
    let refused = 0;
    const refusal = (error: unknown) => {
      const errors = error instanceof BatchError ? error.errors : [error];
      for (const one of errors) expect(one).toBeInstanceOf(RecordError);
      refused += errors.length;
    };
    const reentrant = (act: () => Promise<unknown>) => ({
      topic,
      get value() {
        inner.push(act().catch(refusal));
        return 'outer';
      },
    });
    const good = { topic, value: 'inner' };
    await producer.send(good);
    await producer.send(reentrant(() => producer.send(good)));
    await producer.sendBatch([good, good, reentrant(() => producer.sendBatch([good, good])), good]);
    await producer.sendBatch([good, reentrant(() => producer.send(good)), reentrant(() => producer.flush())]);
    await producer.sendBatch([good, reentrant(() => producer.send({ ...good, partition: 0 })), good]);
    await Promise.all(inner);
    const values = (await readBack(cluster.bootstrapServers, topic)).map(({ value }) => `${value}`);
    expect(values.filter((value) => value === 'outer')).toHaveLength(5);
    expect(values.filter((value) => value === 'inner')).toHaveLength(1 + 1 + 3 + 2 + 1 + 2 + 1 + 1 - refused);
    await expect(producer.sendBatch([good, reentrant(() => producer.close())])).resolves.toMatchObject({
      count: 2,
    });
    await Promise.all(inner);
  });

  it('options are refused with a ConfigError or taken', async () => {
    const names = [
      'bootstrapServers',
      'acks',
      'lingerMs',
      'ssl',
      'sasl',
      'librdkafka',
      'keySerializer',
      '__proto__',
      'x',
    ];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), hostileValue), { maxLength: 4 }), (fields) => {
        const options: Record<string, unknown> = { bootstrapServers: 'a:1' };
        for (const [name, make] of fields) {
          Object.defineProperty(options, name, { value: make(), enumerable: true, configurable: true });
        }
        try {
          new Producer(options as never);
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError);
          expect(error).toMatchObject({ code: 'INVALID_CONFIG' });
        }
      }),
      { numRuns },
    );
  });
});

describe('strange but good', () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).chain((content) =>
    fc.constantFrom(
      () => content,
      () => Buffer.from(content),
      () => {
        const shared = new Uint8Array(new SharedArrayBuffer(content.length));
        shared.set(content);
        return shared;
      },
      () => {
        const view = new Uint8Array(resizable(content.length, 200));
        view.set(content);
        return view;
      },
    ),
  );
  const data = fc.oneof(
    fc.constant(null),
    goodText,
    bytes.map((make) => make()),
  );
  // Not the names of Object.prototype, which the reader stumbles over.
  const headerName = fc
    .oneof(goodText, fc.constantFrom('', '\ud800', 'a b'))
    .filter((name) => !(name in Object.prototype));
  const header = fc.tuple(headerName, data);

  it(
    'records are delivered as they are',
    async () => {
      const topic = newTopic(1);
      const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
      const expected: ReturnType<typeof asReadBack>[] = [];
      const record = fc.record(
        { key: data, value: data, headers: fc.array(header, { maxLength: 4 }) },
        { requiredKeys: ['value'] },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 5 }), async (contents) => {
          const records: ProducerRecord[] = contents.map((content) => ({ topic, ...content }));
          const sent = await Promise.all(records.map((one) => producer.send(one)));
          for (const [i, metadata] of sent.entries()) expected.push(asReadBack(records[i], metadata));
        }),
        { numRuns },
      );
      const found = await readBack(cluster.bootstrapServers, topic);
      expect(found.map((one) => comparable(one, false))).toEqual(
        byPartitionAndOffset(expected).map((one) => comparable(one, false)),
      );
    },
    TIMEOUT_MS,
  );

  it('a hundred thousand headers are delivered', async () => {
    const topic = newTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const headers = Array.from({ length: 100_000 }, (_, i): [string, string] => [`h${i}`, '']);
    await producer.send({ topic, value: 'v', headers });
    await producer.sendBatch([{ topic, value: 'v', headers }]);
    // kafkajs's time grows with the square of their number.
    const records = await readHeadersInOrder(cluster.bootstrapServers, topic, 2);
    for (const found of records) {
      expect(found).toHaveLength(headers.length);
      expect(found.every(([name], i) => name === headers[i][0])).toBe(true);
    }
  });

  it('a header may be called __proto__', async () => {
    const topic = newTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic, value: 'v', headers: JSON.parse('{"__proto__": "h", "constructor": "c"}') });
    await producer.send({ topic, value: 'v', headers: [['__proto__', 'h']] });
    const records = await readBack(cluster.bootstrapServers, topic);
    // The reader adds what its objects inherit under these names.
    const sent = records.map(({ headers }) => headers.filter(([, value]) => Buffer.isBuffer(value)));
    expect(sent.map((headers) => headers.map(([name, value]) => [name, `${value}`]))).toEqual([
      [
        ['__proto__', 'h'],
        ['constructor', 'c'],
      ],
      [['__proto__', 'h']],
    ]);
    expect(Object.prototype).not.toHaveProperty('h');
  });

  it('the longest string there can be is refused at once', async () => {
    const topic = newTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const longest = 'x'.repeat(2 ** 29 - 24);
    for (const record of [
      { topic, value: longest },
      { topic, key: longest },
      { topic, headers: { [longest]: longest } },
      { topic: longest },
    ]) {
      const started = performance.now();
      await expect(producer.send(record)).rejects.toBeInstanceOf(RecordError);
      expect(performance.now() - started).toBeLessThan(10_000);
    }
    await producer.send({ topic, value: 'after' });
  });
});

function failedAt(outcome: unknown, index: number): boolean {
  return outcome instanceof BatchError && outcome.errors.some((error) => error.index === index);
}

function isAt(record: unknown, topic: string): boolean {
  try {
    return (record as ProducerRecord).topic === topic;
  } catch {
    return false;
  }
}
