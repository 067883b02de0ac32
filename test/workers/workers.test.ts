// Pools: records are serialized elsewhere, arrive once and in their keys' order, and no thread's end goes untold.
import os from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  BatchError,
  type BatchResult,
  MillraceError,
  type Producer,
  type ProducerHandle,
  type Workers,
  type WorkersOptions,
} from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { ModeChoice } from '../../src/workers/mode-choice';
import { PoolThread } from '../../src/workers/pool-thread';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const MODULE = join(__dirname, 'modules.cjs');

function openWorkers<K, V>(producer: Producer, options: Partial<WorkersOptions> = {}): Workers<K, V> {
  const workers = producer.workers<K, V>({ module: MODULE, mode: 'pool', threads: 2, ...options });
  onTestFinished(() => workers.close());
  return workers;
}

/** Two processors, as the operating system would tell of them. */
function withProcessors(state: 'idle' | 'busy') {
  let passed = 0;
  return vi.spyOn(os, 'cpus').mockImplementation(() => {
    passed += 100;
    const [idle, user] = state === 'idle' ? [passed, 0] : [0, passed];
    return Array(2).fill({ model: '', speed: 1, times: { user, nice: 0, sys: 0, irq: 0, idle } });
  });
}

function openedHandle(cluster: EmbeddedCluster): ProducerHandle {
  return openProducer({ bootstrapServers: cluster.bootstrapServers }).share();
}

async function failureOf(sent: Promise<BatchResult>): Promise<BatchError> {
  const error = await sent.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(BatchError);
  return error;
}

describeOnEachCluster('a pool', (cluster) => {
  const open = () => openProducer({ bootstrapServers: cluster.brokers });

  it('keeps the order of each key over 8 threads and many batches', async () => {
    const topic = await cluster.createTopic(6);
    const workers = openWorkers<string, { n: number }>(open(), { threads: 8 });
    const next = new Map<string, number>();
    const batches = Array.from({ length: 60 }, (_, b) =>
      Array.from({ length: 150 }, (_, i) => {
        const key = `key-${(b * 31 + i * 7) % 97}`;
        const n = next.get(key) ?? 0;
        next.set(key, n + 1);
        return { key, value: { n } };
      }),
    );
    const results = await Promise.all(batches.map((batch) => workers.sendBatch(topic, batch)));
    const records = await readBack(cluster.brokers, topic);
    expect(records).toHaveLength(9_000);
    const threads = new Map<string, Set<number>>();
    const last = new Map<string, number>();
    for (const { key, value } of records) {
      const { n, thread } = JSON.parse(String(value));
      expect(n).toBe((last.get(String(key)) ?? -1) + 1);
      last.set(String(key), n);
      threads.set(String(key), (threads.get(String(key)) ?? new Set()).add(thread));
    }
    expect(new Set([...threads.values()].flatMap((of) => [...of])).size).toBe(8);
    for (const of of threads.values()) expect(of.size).toBe(1);
    // Each record is where its result says.
    const stored = new Map(records.map((record) => [`${record.partition}/${record.offset}`, record]));
    results.forEach((result, b) => {
      expect(result).toMatchObject({ count: 150, failedCount: 0 });
      batches[b].forEach(({ key, value }, i) => {
        const { partition, offset } = result.record(i);
        const found = stored.get(`${partition}/${offset}`);
        expect([String(found?.key), JSON.parse(String(found?.value)).n]).toEqual([key, value.n]);
      });
    });
  });

  it('moves bytes whole, with headers, timestamps and partitions', async () => {
    const topic = await cluster.createTopic(3);
    const workers = openWorkers<Uint8Array, Uint8Array | null>(open(), { export: 'plain' });
    const key = Buffer.from([0, 255, 1]);
    const all = Buffer.from('0123456789');
    const sent = [
      { key, value: all.subarray(2, 5), partition: 2, timestamp: 1_700_000_000_000, headers: { h: 'ü' } },
      { value: null, partition: 2 },
      { key: Buffer.alloc(0), value: new Uint8Array([7]), partition: 1 },
    ];
    const result = await workers.sendBatch(topic, sent);
    expect([...result.partitions]).toEqual([2, 2, 1]);
    expect(all.toString()).toBe('0123456789');
    expect(await readBack(cluster.brokers, topic)).toMatchObject([
      { partition: 1, key: Buffer.alloc(0), value: Buffer.from([7]) },
      {
        partition: 2,
        key,
        value: Buffer.from('234'),
        headers: [['h', Buffer.from('ü')]],
        timestamp: 1_700_000_000_000,
      },
      { partition: 2, key: null, value: null },
    ]);
  });

  it.each(['pool', 'inline'] as const)(
    "uses a module's partitioner and serializers, mode %s",
    async (mode) => {
      const topic = await cluster.createTopic(4);
      const workers = openWorkers<string, object>(open(), { export: 'byLength', mode });
      const records = ['a', 'bb', 'ccc', 'dddd', 'eeeee'].map((key) => ({ key, value: { key } }));
      expect([...(await workers.sendBatch(topic, records)).partitions]).toEqual([1, 2, 3, 0, 1]);
      const values = (await readBack(cluster.brokers, topic)).map(({ value }) => String(value));
      expect(values.sort()).toEqual(records.map(({ value }) => JSON.stringify(value)).sort());
    },
  );

  it.each(['pool', 'inline'] as const)('tells which records failed, mode %s', async (mode) => {
    const topic = await cluster.createTopic(2);
    const workers = openWorkers<string, object>(open(), { mode });
    const records = Array.from({ length: 20 }, (_, i) => ({
      key: `k${i}`,
      value: i % 7 === 3 ? { bad: true } : { i },
    }));
    const error = await failureOf(workers.sendBatch(topic, records));
    expect(error.errors.map(({ index, code, topic: of }) => [index, code, of])).toEqual(
      [3, 10, 17].map((index) => [index, 'SERIALIZATION_FAILED', topic]),
    );
    expect(error.errors[1].message).toMatch(/^record 10 for topic .*: the value serializer failed: no good$/);
    expect(error.result).toMatchObject({ count: 20, deliveredCount: 17 });
    expect(error.result.errorCode(3)).toBe('SERIALIZATION_FAILED');
    expect(error.result.errorCode(4)).toBeUndefined();
    expect(await readBack(cluster.brokers, topic)).toHaveLength(17);
  });

  it('tells what was in the hands of a thread that ended, and goes on with another', async () => {
    const topic = await cluster.createTopic(2);
    const workers = openWorkers<string, object>(open(), { threads: 1 });
    const first = await workers.sendBatch(topic, [{ value: { n: 1 } }]);
    expect(first.deliveredCount).toBe(1);
    const doomed = [{ value: { n: 2 } }, { value: { exit: 3 } }];
    const [one, two] = await Promise.all([
      failureOf(workers.sendBatch(topic, doomed)),
      failureOf(workers.sendBatch(topic, [{ value: { n: 3 } }])),
    ]);
    for (const { index, code, persisted, message } of [...one.errors, ...two.errors]) {
      expect([code, persisted]).toEqual(['WORKER_FAILED', 'possibly']);
      expect(message).toBe(
        `record ${index} for topic ${topic}: the thread that had it ended: worker exited with code: 3`,
      );
    }
    expect([one.errors.length, two.errors.length]).toEqual([2, 1]);
    expect((await workers.sendBatch(topic, [{ value: { n: 4 } }])).deliveredCount).toBe(1);
    expect(workers.metrics()).toMatchObject({ threadsStarted: 2, recordsInHand: 0 });
    const values = (await readBack(cluster.brokers, topic)).map(({ value }) => JSON.parse(String(value)).n);
    expect(values.sort()).toEqual([1, 4]);
  });

  it('switches between the modes without loss or disorder', async () => {
    const processors = withProcessors('idle');
    const topic = await cluster.createTopic(3);
    const workers = openWorkers<string, { n: number }>(open(), { mode: 'auto', options: { slow: 60 } });
    let n = 0;
    const sent: Promise<BatchResult>[] = [];
    const batch = () =>
      sent.push(
        workers.sendBatch(
          topic,
          Array.from({ length: 200 }, (_, i) => ({ key: `k${i % 20}`, value: { n: n++ } })),
        ),
      );
    const modeOf = () => workers.metrics().topics[topic]?.mode;
    const give = async (mode: string) => {
      for (const end = performance.now() + 15_000; performance.now() < end && modeOf() !== mode; ) {
        for (let i = 0; i < 4; i++) batch();
        await sent.at(-1);
      }
      expect(modeOf()).toBe(mode);
    };
    await give('inline');
    // Serializing takes 60 µs a record, and this thread does little else: it is worth handing over.
    await give('pool');
    // At once: where the machine is busy, it may choose anew.
    const { switches, reason } = workers.metrics().topics[topic];
    expect(switches % 2).toBe(1);
    expect(reason).toMatch(
      /^serializing costs [\d.]+ µs a record, handing over [\d.]+; the event loop is \d+ % busy, 2.0 processors are idle$/,
    );
    for (let i = 0; i < 10; i++) batch();
    await Promise.all(sent);
    processors.mockRestore();
    const last = new Map<string, number>();
    const threads = new Set<boolean>();
    const records = await readBack(cluster.brokers, topic);
    expect(records).toHaveLength(n);
    for (const { key, value } of records) {
      const read = JSON.parse(String(value));
      if ((last.get(String(key)) ?? -1) >= read.n) throw new Error(`${key}: ${read.n} is out of order`);
      last.set(String(key), read.n);
      threads.add(read.thread === 0);
    }
    expect(threads.size).toBe(2);
  }, 60_000);
});

describe('a pool whose module is of no use', () => {
  it.each([
    ['is not there', { module: './no-such-module.cjs' }, /module .*no-such-module.cjs could not be loaded/],
    ['throws', { module: MODULE, export: 'fails' }, /module .* failed: the schema is missing/],
    ['returns something else', { module: MODULE, export: 'gives' }, /must return an object with serializers/],
    ['lacks the export', { module: MODULE, export: 'none' }, /exports no function none/],
  ])('rejects the records when it %s, each time', async (_title, module, message) => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const workers = openWorkers<unknown, object>(producer, { ...module, threads: 1 });
    for (let round = 0; round < 2; round++) {
      const { errors } = await failureOf(workers.sendBatch('orders', [{ value: {} }, { value: {} }]));
      expect(errors.map(({ code, persisted }) => [code, persisted])).toEqual([
        ['MODULE_FAILED', 'no'],
        ['MODULE_FAILED', 'no'],
      ]);
      expect(errors[1].message).toMatch(message);
    }
    const inline = openWorkers<unknown, object>(producer, { ...module, mode: 'inline' });
    const { errors } = await failureOf(inline.sendBatch('orders', [{ value: {} }]));
    expect(errors).toMatchObject([{ code: 'MODULE_FAILED', message: expect.stringMatching(message) }]);
    await producer.send({ topic: 'orders', value: 'still there' });
  });
});

describe('workers', () => {
  it.each(['pool', 'inline', 'auto'] as const)(
    'in mode %s end with their producer, though their module never comes to an end',
    async (mode) => {
      const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
      onTestFinished(() => cluster.close());
      const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
      const workers = producer.workers({ module: MODULE, export: 'never', mode, threads: 1 });
      const sent = expect(workers.sendBatch('orders', [{ value: {} }])).rejects.toBeInstanceOf(MillraceError);
      await producer.close({ timeoutMs: 100 });
      await sent;
    },
  );

  it('tell as much of a failure from another thread as from this one', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const told = [];
    for (const mode of ['inline', 'pool'] as const) {
      const producer = openProducer({
        bootstrapServers: cluster.bootstrapServers,
        deliveryTimeoutMs: 3000,
        requestTimeoutMs: 500,
      });
      const workers = openWorkers<unknown, object>(producer, { mode, threads: 1 });
      const bad = await failureOf(workers.sendBatch('orders', [{ value: {} }, { value: { bad: true } }]));
      cluster.setLeader('orders', 0, null);
      const late = await failureOf(workers.sendBatch('orders', [{ value: {} }]));
      cluster.setLeader('orders', 0, 1);
      const [{ index, code, field, cause, message }] = bad.errors;
      const [{ code: lateCode, timedOutIn, waited = {} }] = late.errors;
      const first = { index, code, field, message, cause: String(cause) };
      told.push({ first, second: { lateCode, staged: typeof timedOutIn, waited: Object.keys(waited) } });
    }
    const [inline, pool] = told;
    expect(pool).toEqual(inline);
    expect(inline).toMatchObject({
      first: { index: 1, code: 'SERIALIZATION_FAILED', field: 'value', cause: 'Error: no good' },
      second: { lateCode: '_MSG_TIMED_OUT', staged: 'string' },
    });
  });

  it('refuse what cannot be cloned, and go on', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const workers = openWorkers<unknown, object>(
      openProducer({ bootstrapServers: cluster.bootstrapServers }),
    );
    const { errors } = await failureOf(workers.sendBatch('orders', [{ value: { f: () => {} } }]));
    expect(errors[0]).toMatchObject({ code: 'INVALID_RECORD', persisted: 'no' });
    expect(errors[0].message).toMatch(/cannot go to another thread: it has a function/);
    expect((await workers.sendBatch('orders', [{ value: {} }])).deliveredCount).toBe(1);
    expect((await workers.sendBatch('orders', [])).count).toBe(0);
  });

  it('refuse a record that would become another elsewhere, and no other of its batch', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const workers = openWorkers<unknown, object>(
      openProducer({ bootstrapServers: cluster.bootstrapServers }),
      { export: 'json', threads: 1 },
    );
    class Money {
      toJSON() {
        return 'EUR 1';
      }
    }
    const inItself: { self?: object } = {};
    inItself.self = inItself;
    const odd = [
      { f: () => {} },
      { price: new Money() },
      { deep: [new Map([['a', Promise.resolve()]])] },
      { bytes: new Uint8Array(1) },
      inItself,
    ];
    const good = [{ n: 1 }, { when: new Date(0), deep: [{ list: [1, null] }] }];
    const records = [good[0], ...odd, good[1]].map((value) => ({ value }));
    const { errors, result } = await failureOf(workers.sendBatch('orders', records));
    expect(errors.map(({ index, code }) => [index, code])).toEqual(
      odd.map((_, i) => [i + 1, 'INVALID_RECORD']),
    );
    expect(result.deliveredCount).toBe(2);
    const stored = await readBack(cluster.bootstrapServers, 'orders');
    expect(stored.map(({ value }) => JSON.parse(`${value}`))).toEqual(JSON.parse(JSON.stringify(good)));
  });

  it("keep a batch that cannot go, and its keys' order, where 'auto' has chosen the pool", async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    vi.spyOn(ModeChoice.prototype, 'look').mockImplementation(function (this: ModeChoice) {
      const changes = this.mode !== 'pool';
      this.mode = 'pool';
      return changes;
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const workers = openWorkers<string, object>(
      openProducer({ bootstrapServers: cluster.bootstrapServers }),
      { mode: 'auto', threads: 2 },
    );
    const batches = Array.from({ length: 60 }, (_, n) => (n % 3 === 1 ? { n, f: () => {} } : { n }));
    await Promise.all(batches.map((value) => workers.sendBatch('orders', [{ key: 'k', value }])));
    const stored = (await readBack(cluster.bootstrapServers, 'orders')).map(({ value }) =>
      JSON.parse(`${value}`),
    );
    expect(stored.map(({ n }) => n)).toEqual([...batches.keys()]);
    expect(stored.map(({ thread }) => thread > 0)).toEqual(batches.map((_, n) => n % 3 !== 1));
  });

  it.each(['inline', 'pool'] as const)(
    'give serializers what was sent, whatever the thread: %s',
    async (mode) => {
      const cluster = await EmbeddedCluster.start({ topics: ['orders', 'others'] });
      onTestFinished(() => cluster.close());
      const workers = openWorkers<unknown, unknown>(
        openProducer({ bootstrapServers: cluster.bootstrapServers }),
        { export: 'kinds', threads: 1, mode },
      );
      const headers = Object.assign(Object.create({ inherited: 1 }), { trace: 'x' }) as { trace: string };
      class Pairs {
        *[Symbol.iterator]() {
          yield ['from', 'a class'];
        }
      }
      const records = [
        { value: null, partition: 0 },
        { value: undefined, partition: 0 },
        { value: Buffer.from('b'), partition: 0 },
        { value: { nested: Buffer.from('b') }, partition: 0, headers },
        { key: null, value: 'text', partition: 0, headers: new Pairs() as unknown as [string, string][] },
        { topic: 'others', value: 1, partition: 0 },
      ];
      await workers.sendBatch('orders', records);
      const stored = await readBack(cluster.bootstrapServers, 'orders');
      expect(stored.map(({ key, value }) => [key && `${key}`, value && `${value}`])).toEqual([
        [null, 'null'],
        [null, null],
        [null, 'Buffer'],
        [null, 'Buffer'],
        ['null', 'string'],
      ]);
      const told = stored.map((one) => one.headers).filter((one) => Object.keys(one ?? {}).length > 0);
      expect(told).toHaveLength(2);
      expect(await readBack(cluster.bootstrapServers, 'others')).toHaveLength(1);
    },
  );

  it('of a module that does not settle fail after maxBlockMs, and close', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, maxBlockMs: 500 });
    const workers = openWorkers<unknown, object>(producer, { export: 'never', mode: 'inline' });
    const { errors } = await failureOf(workers.sendBatch('orders', [{ value: {} }]));
    expect(errors[0]).toMatchObject({ code: 'MODULE_FAILED' });
    expect(errors[0].message).toContain('has not settled within maxBlockMs (500 ms)');
    await workers.close();
  });

  it('of a module that does not settle reject with PRODUCER_CLOSED when the producer closes', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const workers = openWorkers<unknown, object>(producer, { export: 'never', mode: 'inline' });
    const sent = workers.sendBatch('orders', [{ value: {} }]);
    sent.catch(() => {});
    await setImmediate(); // loading has begun
    await producer.close({ timeoutMs: 200 });
    await expect(sent).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
  });

  it('end when told to, or with their producer', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const one = openWorkers<unknown, object>(producer);
    const two = openWorkers<unknown, object>(producer);
    const sent = one.sendBatch('orders', [{ value: {} }]);
    await Promise.all([one.close(), two.sendBatch('orders', [{ value: {} }])]);
    expect((await sent).deliveredCount).toBe(1);
    await expect(one.sendBatch('orders', [])).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await producer.close();
    await expect(two.sendBatch('orders', [{ value: {} }])).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
  });

  it('end with their producer even where a serializer never comes back', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const workers = openWorkers<string, object>(producer);
    await workers.sendBatch('orders', [{ key: 'a', value: {} }]);
    const stuck = failureOf(workers.sendBatch('orders', [{ key: 'a', value: { loop: true } }]));
    const behind = failureOf(workers.sendBatch('orders', [{ key: 'a', value: {} }]));
    await vi.waitFor(() => expect(workers.metrics().recordsInHand).toBe(2));
    await producer.close({ timeoutMs: 200 });
    for (const { errors } of [await stuck, await behind]) {
      expect(errors[0]).toMatchObject({ code: 'WORKER_FAILED', persisted: 'possibly' });
      expect(errors[0].message).toContain('the producer closed while it was at work');
    }
  });

  it('end a thread that says nothing for longer than delivery may take', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const user = {
      id: -1,
      handle: openedHandle(cluster),
      module: { module: MODULE, export: undefined, options: undefined },
      longestSilenceMs: 2_000,
    };
    const [thread] = PoolThread.take(1);
    await expect(thread.send(user, 'orders', [{ value: { loop: true } }])).rejects.toMatchObject({
      code: 'WORKER_FAILED',
      message: 'the thread that had it ended: it said nothing for 2000 ms',
    });
    // The pool heals.
    expect((await thread.send(user, 'orders', [{ value: {} }])).failed).toEqual([]);
    await thread.leave(user);
  });

  it('refuse what is no record, no key and no partition, one by one', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    for (const threads of [1, 3]) {
      const workers = openWorkers<unknown, object>(producer, { threads });
      const hostile = Object.defineProperty({ value: {} }, 'key', {
        get() {
          throw new Error('not today');
        },
      });
      const records = [
        { value: {}, partition: -1 },
        { value: {}, partition: 1.5 },
        { value: {}, partition: 'x' },
        { value: {}, partition: 1 },
        null,
        'text',
        hostile,
        { value: {}, key: { n: 1n } },
        { value: {} },
      ];
      const { errors, result } = await failureOf(workers.sendBatch('orders', records as never));
      expect(errors.map(({ index }) => index)).toEqual([0, 1, 2, 4, 5, 6, 7]);
      for (const error of errors) expect(error).toMatchObject({ topic: 'orders', persisted: 'no' });
      expect(errors[0].message).toContain('partition must be');
      expect(errors[3].message).toContain('must be an object, got null');
      expect(errors[5].message).toContain('not today');
      expect(errors[6].message).toContain('key must be');
      expect(result.deliveredCount).toBe(2);
      await expect(workers.sendBatch('orders', undefined as never)).rejects.toThrow(
        'sendBatch takes an array of records, got undefined',
      );
    }
  });

  it('tell the timestamps that brokers stored, and of which kind', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const workers = openWorkers<string, object>(producer);
    const single = await producer.send({ topic: 'orders', value: 'v' });
    const { timestampType } = (await workers.sendBatch('orders', [{ value: {} }])).record(0);
    expect(timestampType).toBe(single.timestampType);
  });

  it('hold batches back when as many bytes are on their way as the buffer has', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      bufferMemory: 100_000,
      maxBlockMs: 60_000,
    });
    const workers = openWorkers<string, Buffer>(producer, { export: 'plain' });
    await workers.sendBatch('orders', [{ value: Buffer.from('v') }]);
    cluster.brokerDown('all');
    const sends = Array.from({ length: 20 }, () =>
      workers.sendBatch('orders', [{ value: Buffer.alloc(30_000) }]).catch(() => undefined),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(workers.metrics().recordsInHand).toBe(4);
    cluster.brokerUp('all');
    for (const result of await Promise.all(sends)) expect(result?.deliveredCount).toBe(1);
  });

  it("follow the owner's partitioner of a topic, and refuse where that is code", async () => {
    const cluster = await EmbeddedCluster.start({
      topics: ['named', 'coded'].map((topic) => ({ topic, partitions: 8 })),
    });
    onTestFinished(() => cluster.close());
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      topics: { named: { partitioner: 'fnv1a' }, coded: { partitioner: () => 7 } },
    });
    for (const mode of ['pool', 'inline'] as const) {
      const workers = openWorkers<string, object>(producer, { mode });
      const { partitions } = await workers.sendBatch('named', [{ key: 'a key', value: {} }]);
      const { partition } = await producer.send({ topic: 'named', key: 'a key', value: '{}' });
      expect(partitions[0]).toBe(partition);
      const { errors } = await failureOf(workers.sendBatch('coded', [{ key: 'a key', value: {} }]));
      expect(errors[0]).toMatchObject({ code: 'PARTITIONER_FAILED', persisted: 'no' });
      expect(errors[0].message).toContain("the owner's partitioner for topic coded is code");
      const own = openWorkers<string, object>(producer, { mode, export: 'byLength' });
      expect((await failureOf(own.sendBatch('coded', [{ key: 'abc', value: {} }]))).errors[0].code).toBe(
        'PARTITIONER_FAILED',
      );
    }
  });

  it('are told of by the producer, topic by topic', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const workers = openWorkers<string, object>(producer);
    await workers.sendBatch('orders', [{ value: {} }]);
    expect(producer.metrics().modes).toEqual({
      orders: expect.objectContaining({ mode: 'pool', reason: 'as the options say' }),
    });
    await workers.close();
    expect(producer.metrics().modes).toEqual({});
  });

  it('lose no record that names what is no partition, or cannot be read', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
    onTestFinished(() => cluster.close());
    const workers = openWorkers<string, string>(
      openProducer({ bootstrapServers: cluster.bootstrapServers }),
      {
        export: 'plain',
      },
    );
    const strange = [-1, 0.5, Number.NaN, '1', 1n, Symbol('1')];
    for (const partition of strange) {
      const { errors, result } = await failureOf(
        workers.sendBatch('orders', [{ value: 'v', partition: partition as never }]),
      );
      expect(errors[0].code).toBe('INVALID_RECORD');
      expect(result.deliveredCount).toBe(0);
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const record of [null, proxy, { key: { toJSON: () => undefined }, value: () => 1 }]) {
      const { errors } = await failureOf(workers.sendBatch('orders', [record as never]));
      expect(errors[0].code).toBe('INVALID_RECORD');
    }
    expect((await workers.sendBatch('orders', [{ value: 'v' }])).deliveredCount).toBe(1);
  });

  it.each([
    [{ mode: 'fast' }, /mode must be 'auto', 'inline' or 'pool', got the string "fast"/],
    [{ threads: 0 }, /threads must be an integer from 1 to 128, got the number 0/],
    [{ module: undefined }, /module must be a path, a URL or a package, got undefined/],
  ])('refuse %o', (options, message) => {
    const producer = openProducer({ bootstrapServers: '127.0.0.1:1' });
    expect(() => producer.workers({ module: MODULE, ...options } as never)).toThrow(message);
  });
});

describe('the choice of mode', () => {
  const measured = (inline: number, handOver: number) => {
    const choice = new ModeChoice();
    choice.measuredInline(inline * 100, 100);
    choice.measuredHandOver(handOver * 100, 100);
    return choice;
  };

  it.each([
    ['cheap serializers stay', 1, 0.6, 1, 'inline'],
    ['expensive ones go while the thread is busy', 10, 1, 0.9, 'pool'],
    ['and stay while it has time', 10, 1, 0.3, 'inline'],
    ['and where no other processor is idle', 10, 1, 0.9, 'inline', 0.2],
  ])('%s', (_title, inline, handOver, utilization, mode, idle = 1) => {
    const choice = measured(inline, handOver);
    expect(choice.decide(utilization, idle)).toBe(mode === 'pool');
    expect(choice.mode).toBe(mode);
  });

  it('does not swing to and fro about the border', () => {
    const choice = measured(10, 1);
    choice.decide(0.9, 1);
    for (const utilization of [0.3, 0.6, 0.2, 0.9, 0.4]) {
      expect(choice.decide(utilization, 1)).toBe(false);
      choice.measuredInline(170, 100);
    }
    expect(choice.metrics(undefined)).toMatchObject({ mode: 'pool', switches: 1 });
  });

  it('comes back when the thread has long been idle', () => {
    const choice = measured(10, 1);
    choice.decide(0.9, 1);
    for (let i = 0; i < 11; i++) expect(choice.decide(0.05, 1)).toBe(false);
    expect(choice.decide(0.05, 1)).toBe(true);
    expect(choice.mode).toBe('inline');
  });

  it('comes back when serializing has become cheap', () => {
    const choice = measured(10, 1);
    choice.decide(0.9, 1);
    for (let i = 0; i < 40; i++) choice.measuredInline(100, 100);
    expect(choice.decide(0.9, 1)).toBe(true);
    expect(choice.metrics(undefined)).toMatchObject({ mode: 'inline', switches: 2 });
  });
});
