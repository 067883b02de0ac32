// The two moments of a send, and the ways to hear of them.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BatchError, Producer, type RecordError, type RecordMetadata } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import { toldToProcess } from '../testing/uncaught';

/** A cluster whose only topic takes nothing for the moment: what is sent stays in the buffer. */
async function stuck(bufferMemory: number): Promise<{ cluster: EmbeddedCluster; producer: Producer }> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
  const producer = new Producer({
    bootstrapServers: cluster.bootstrapServers,
    bufferMemory,
    topicBufferShare: 1,
    reconnectBackoffMaxMs: 100,
  });
  onTestFinished(async () => {
    await producer.close({ timeoutMs: 0 });
    await cluster.close();
  });
  await producer.send({ topic: 'orders' });
  cluster.setRoundTripTime('all', 60_000);
  return { cluster, producer };
}

describeOnEachCluster('a dispatch', (cluster) => {
  it('is accepted, then delivered', async () => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const single = producer.dispatch({ topic, value: 'single', partition: 1 });
    await single.accepted;
    expect(await single.delivered).toMatchObject({ topic, partition: 1, offset: 0n });
    const batch = producer.dispatchBatch([
      { topic, value: 'a', partition: 1 },
      { topic, value: 'b', partition: 1 },
    ]);
    await batch.accepted;
    expect([...(await batch.delivered).offsets]).toEqual([1n, 2n]);
    expect((await readBack(cluster.brokers, topic)).map(({ value }) => `${value}`)).toEqual([
      'single',
      'a',
      'b',
    ]);
  });

  it('that fails is no unhandled rejection, whichever moment is awaited', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const bad = { topic, partition: 7 };
    const unhandled = await toldToProcess('unhandledRejection', async () => {
      producer.dispatch(bad);
      producer.dispatchBatch([bad]);
      producer.dispatch({ topic: 'bad topic' });
      const { accepted, delivered } = producer.dispatch({ topic: 'bad topic' });
      await expect(accepted).rejects.toMatchObject({ code: 'INVALID_RECORD' });
      await producer.dispatch(bad).accepted;
      await producer.dispatchBatch([bad]).accepted;
      await expect(producer.dispatch(bad).delivered).rejects.toMatchObject({ code: '_UNKNOWN_PARTITION' });
      const late = producer.dispatch(bad);
      await producer.flush();
      await expect(late.delivered).rejects.toMatchObject({ code: '_UNKNOWN_PARTITION' });
      await late.accepted;
      await expect(producer.dispatch({ topic: 'bad topic' }).accepted).rejects.toMatchObject({
        code: 'INVALID_RECORD',
      });
      await sleep(10);
      await expect(delivered).rejects.toMatchObject({ code: 'INVALID_RECORD' });
    });
    expect(unhandled).toEqual([]);
  });

  it('after close rejects both moments', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await producer.close();
    const dispatch = producer.dispatch({ topic: 't' });
    await expect(dispatch.accepted).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await expect(dispatch.delivered).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
  });
});

describe('acceptance', () => {
  it('comes before delivery, which may take as long as it likes', async () => {
    const { cluster, producer } = await stuck(1 << 20);
    let delivered = false;
    const dispatch = producer.dispatch({ topic: 'orders', value: 'v' });
    void dispatch.delivered.then(() => {
      delivered = true;
    });
    await dispatch.accepted;
    expect(delivered).toBe(false);
    expect(producer.metrics()).toMatchObject({
      acceptedRecords: 2,
      deliveredRecords: 1,
      outstandingRecords: 1,
    });
    cluster.setRoundTripTime('all', 0);
    cluster.brokerDown('all');
    cluster.brokerUp('all');
    expect((await dispatch.delivered).partition).toBe(0);
  });

  it('waits for room in the buffer', async () => {
    const { producer } = await stuck(100_000);
    const first = producer.dispatch({ topic: 'orders', value: 'x'.repeat(90_000) });
    const second = producer.dispatch({ topic: 'orders', value: 'x'.repeat(90_000) });
    await first.accepted;
    let accepted = false;
    second.accepted.then(
      () => {
        accepted = true;
      },
      () => {},
    );
    await sleep(50);
    expect(accepted).toBe(false);
    expect(producer.metrics().waitingSends).toBe(1);
  });
});

describeOnEachCluster('a callback', (cluster) => {
  it('is told the metadata, or the error, once', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const calls: [code: string | undefined, metadata: RecordMetadata | undefined][] = [];
    const callback = (error: { code: string } | null, metadata: RecordMetadata | undefined) =>
      calls.push([error?.code, metadata]);
    expect(producer.send({ topic, value: 'v' }, callback)).toBeUndefined();
    producer.send({ topic: 'bad topic' }, callback);
    producer.send({ topic, partition: 3 }, callback);
    expect(calls).toEqual([]);
    await producer.flush();
    await sleep(0);
    expect(calls.map(([code]) => code).sort()).toEqual(['INVALID_RECORD', '_UNKNOWN_PARTITION', undefined]);
    expect(calls.find(([code]) => code === undefined)?.[1]).toMatchObject({
      topic,
      partition: 0,
      offset: 0n,
    });
    await producer.close();
    producer.send({ topic }, callback);
    await sleep(0);
    expect(calls).toHaveLength(4);
    expect(calls[3][0]).toBe('PRODUCER_CLOSED');
  });
});

describe('a callback behind options', () => {
  it('is told that the signal has fired, and what is wrong with the options', async () => {
    const { producer } = await stuck(100_000);
    await producer.dispatch({ topic: 'orders', value: 'x'.repeat(90_000) }).accepted;
    const controller = new AbortController();
    const codes: (string | undefined)[] = [];
    const callback = (error: { code: string } | null) => codes.push(error?.code);
    const record = { topic: 'orders', value: 'y'.repeat(50_000) };
    expect(producer.send(record, { signal: controller.signal }, callback)).toBeUndefined();
    expect(producer.send(record, { signal: 5 } as never, callback)).toBeUndefined();
    expect(codes).toEqual([]);
    controller.abort();
    await sleep(0);
    expect(codes.sort()).toEqual(['ABORTED', 'INVALID_CONFIG']);
    expect(() => producer.send(record, undefined, 'then' as never)).toThrow(
      'send: callback must be a function, got the string "then"',
    );
  });

  it('is told the metadata without options, too', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const metadata = await new Promise((resolve, reject) => {
      producer.send({ topic: 'orders' }, undefined, (error, sent) => (error ? reject(error) : resolve(sent)));
    });
    expect(metadata).toMatchObject({ topic: 'orders', offset: 0n });
  });
});

describe('an AbortSignal', () => {
  it('ends the wait for the buffer, of a send and of a batch', async () => {
    const { producer } = await stuck(100_000);
    const first = producer.dispatch({ topic: 'orders', value: 'x'.repeat(90_000) });
    await first.accepted;
    const controller = new AbortController();
    const { signal } = controller;
    const record = { topic: 'orders', value: 'y'.repeat(50_000) };
    const single = producer.send(record, { signal });
    const batch = producer.sendBatch([record, record], { signal });
    const untouched = producer.dispatch({ topic: 'orders', value: 'small' });
    await sleep(20);
    controller.abort(new Error('enough'));
    await expect(single).rejects.toMatchObject({
      code: 'ABORTED',
      topic: 'orders',
      cause: expect.objectContaining({ message: 'enough' }),
    });
    const error: BatchError = await batch.then(
      () => expect.fail('it must have been aborted'),
      (reason) => reason,
    );
    expect(error.errors.map(({ code, index }) => [code, index])).toEqual([
      ['ABORTED', 0],
      ['ABORTED', 1],
    ]);
    // Who waited behind them has room now.
    await untouched.accepted;
    expect(producer.metrics().waitingSends).toBe(0);
  });

  it('ends the wait for a topic, and is too late for what is accepted', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const controller = new AbortController();
    const { signal } = controller;
    const sent = producer.send({ topic: 'orders' }, { signal });
    await sent;
    cluster.setRoundTripTime('all', 60_000);
    const accepted = producer.dispatch({ topic: 'orders' }, { signal });
    const unknown = producer.send({ topic: 'unknown' }, { signal });
    const batch = producer.sendBatch([{ topic: 'orders' }, { topic: 'unknown' }], { signal });
    await accepted.accepted;
    controller.abort();
    await expect(unknown).rejects.toMatchObject({ code: 'ABORTED', cause: { name: 'AbortError' } });
    cluster.setRoundTripTime('all', 0);
    cluster.brokerDown('all');
    cluster.brokerUp('all');
    await expect(batch).rejects.toMatchObject({
      errors: [{ code: 'ABORTED', index: 1 }],
      result: { deliveredCount: 1 },
    });
    expect(await accepted.delivered).toMatchObject({ topic: 'orders' });
  });

  it('that has fired before the call lets nothing be accepted, although there is room', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders' });
    const signal = AbortSignal.abort(new Error('before'));
    const aborted = { code: 'ABORTED', topic: 'orders', cause: { message: 'before' } };
    for (const record of [{ topic: 'orders' }, { topic: 'orders', headers: { a: 'b' } }]) {
      await expect(producer.send(record, { signal })).rejects.toMatchObject(aborted);
      await expect(producer.dispatch(record, { signal }).accepted).rejects.toMatchObject(aborted);
      await expect(producer.sendBatch([record, record], { signal })).rejects.toMatchObject({
        errors: [aborted, { ...aborted, index: 1 }],
      });
    }
    await expect(producer.send({ topic: 'later' }, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await producer.sendBatch([], { signal })).toMatchObject({ count: 0 });
    await producer.flush();
    expect(producer.metrics()).toMatchObject({ acceptedRecords: 1, outstandingRecords: 0 });
  });

  it.each([
    ['an object', {}],
    ['a string', 'now'],
    ['null', null],
    ['half of one', { aborted: false, addEventListener: () => {} }],
  ])('that is none, but %s, is refused before anything is counted', async (_what, given) => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const signal = given as unknown as AbortSignal;
    for (const topic of ['unknown', 'orders']) {
      const refused = {
        code: 'INVALID_CONFIG',
        message: expect.stringContaining('signal must be an AbortSignal'),
      };
      await expect(producer.send({ topic }, { signal })).rejects.toMatchObject(refused);
      await expect(producer.sendBatch([{ topic }], { signal })).rejects.toMatchObject(refused);
      await expect(producer.dispatch({ topic }, { signal }).accepted).rejects.toMatchObject(refused);
      await expect(producer.sendAll([{ topic }], { signal })).rejects.toMatchObject(refused);
      await producer.send({ topic: 'orders' });
    }
    await producer.flush();
    expect(producer.metrics()).toMatchObject({ acceptedRecords: 2, outstandingRecords: 0 });
  });
});

describeOnEachCluster('writable()', (cluster) => {
  it('takes what is written, in order, and finishes when all is delivered', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const stream = producer.writable();
    for (let i = 0; i < 5000; i++) {
      if (!stream.write({ topic, value: `${i}` }))
        await new Promise((resume) => stream.once('drain', resume));
    }
    await new Promise<void>((resolve) => stream.end(resolve));
    expect(producer.metrics()).toMatchObject({ deliveredRecords: 5000, outstandingRecords: 0 });
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map(({ value }) => Number(value))).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  it('is destroyed by the first record that fails', async () => {
    const topic = await cluster.createTopic(1);
    const stream = openProducer({ bootstrapServers: cluster.brokers }).writable();
    const failed = new Promise<RecordError>((resolve) => stream.once('error', resolve as () => void));
    stream.write({ topic, value: 'good' });
    stream.write({ topic, value: 'bad', partition: 9 });
    expect(await failed).toMatchObject({ code: '_UNKNOWN_PARTITION', topic });
    expect(stream.destroyed).toBe(true);
  });

  it('goes on with onRecordError, which is told of each', async () => {
    const topic = await cluster.createTopic(1);
    const errors: string[] = [];
    const places: number[] = [];
    const stream = openProducer({ bootstrapServers: cluster.brokers }).writable({
      onRecordError: ({ code, index }) => {
        errors.push(code);
        places.push(index);
      },
    });
    for (let i = 0; i < 100; i++) stream.write({ topic, value: `${i}`, partition: i % 10 === 0 ? 9 : 0 });
    await new Promise<void>((resolve) => stream.end(resolve));
    expect(errors).toEqual(Array(10).fill('_UNKNOWN_PARTITION'));
    expect(places).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(await readBack(cluster.brokers, topic)).toHaveLength(90);
  });
});

describe('a full buffer', () => {
  it('makes writable() hold back, and write again as soon as there is room', async () => {
    const { cluster, producer } = await stuck(50_000);
    const stream = producer.writable({ highWaterMark: 10 });
    let written = 0;
    while (stream.write({ topic: 'orders', value: 'x'.repeat(5000) })) written++;
    let drained = false;
    stream.once('drain', () => {
      drained = true;
    });
    await sleep(100);
    expect(drained).toBe(false);
    expect(producer.metrics().bufferedBytes).toBeLessThanOrEqual(50_000);
    cluster.setRoundTripTime('all', 0);
    cluster.brokerDown('all');
    cluster.brokerUp('all');
    await new Promise<void>((resolve) => stream.end(resolve));
    expect(producer.metrics().deliveredRecords).toBe(written + 2);
  });

  it('lets writable() write on when there is room for some of it, long before all is delivered', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      bufferMemory: 50_000,
      topicBufferShare: 1,
    });
    await producer.sendBatch([
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 1 },
    ]);
    // Two thirds of the buffer are stuck, and stay so; what is written has the rest, piece by piece.
    cluster.setLeader('orders', 1, null);
    const stuck = producer.dispatch({ topic: 'orders', partition: 1, value: 'x'.repeat(33_000) });
    await stuck.accepted;
    const stream = producer.writable({ highWaterMark: 4 });
    for (let i = 0; i < 40; i++) {
      const value = 'x'.repeat(5000);
      if (!stream.write({ topic: 'orders', partition: 0, value })) {
        await new Promise((resume) => stream.once('drain', resume));
      }
    }
    expect(producer.metrics().bufferedBytes).toBeGreaterThan(33_000);
    await expect.poll(() => producer.metrics().deliveredRecords, { timeout: 10_000 }).toBe(42);
    await producer.close({ timeoutMs: 0 });
    await expect(stuck.delivered).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
  });
});

describeOnEachCluster('sendAll()', (cluster) => {
  async function* numbered(topic: string, count: number): AsyncGenerator<{ topic: string; value: string }> {
    for (let i = 0; i < count; i++) {
      if (i % 1500 === 0) await sleep(1);
      yield { topic, value: `${i}` };
    }
  }

  it('sends everything a source gives, in order', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    expect(await producer.sendAll(numbered(topic, 5000))).toEqual({
      count: 5000,
      delivered: 5000,
      failed: 0,
    });
    expect(await producer.sendAll([{ topic, value: '5000' }])).toEqual({ count: 1, delivered: 1, failed: 0 });
    expect(await producer.sendAll([])).toEqual({ count: 0, delivered: 0, failed: 0 });
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map(({ value }) => Number(value))).toEqual(Array.from({ length: 5001 }, (_, i) => i));
  });

  it('tells of each failure with its place in the source, or ends with the first', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const records = Array.from({ length: 2500 }, (_, i) => ({ topic, partition: i % 1000 === 999 ? 5 : 0 }));
    const places: number[] = [];
    const result = await producer.sendAll(records, { onRecordError: ({ index }) => places.push(index) });
    expect(result).toEqual({ count: 2500, delivered: 2498, failed: 2 });
    expect(places).toEqual([999, 1999]);
    await expect(producer.sendAll(records)).rejects.toMatchObject({ code: '_UNKNOWN_PARTITION', topic });
    expect(producer.metrics().outstandingRecords).toBe(0);
  });

  it('passes on what the source throws, when what it gave before is settled', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const source = (async function* () {
      yield* numbered(topic, 10);
      throw new Error('dry');
    })();
    await expect(producer.sendAll(source)).rejects.toThrow('dry');
    expect(await readBack(cluster.brokers, topic)).toHaveLength(10);
  });

  it('ends by its signal or the first failure although the source is silent, and tells the source', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const silent = (value: { topic: string; partition?: number }) => {
      const returned: unknown[] = [];
      let given = false;
      return {
        returned,
        [Symbol.asyncIterator]: () => ({
          next: () => {
            if (given) return new Promise<never>(() => {});
            given = true;
            return Promise.resolve({ done: false as const, value });
          },
          return: () => {
            returned.push('returned');
            return new Promise<never>(() => {});
          },
        }),
      };
    };
    const controller = new AbortController();
    const aborted = silent({ topic });
    const sent = producer.sendAll(aborted, { signal: controller.signal });
    await expect.poll(() => producer.metrics().deliveredRecords).toBe(1);
    controller.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
    expect(aborted.returned).toEqual(['returned']);
    const failing = silent({ topic, partition: 7 });
    await expect(producer.sendAll(failing)).rejects.toMatchObject({ code: '_UNKNOWN_PARTITION' });
    expect(failing.returned).toEqual(['returned']);
    const unread = silent({ topic });
    await expect(producer.sendAll(unread, { signal: controller.signal })).rejects.toThrow('enough');
    expect(unread.returned).toEqual([]);
  });

  it('reads a slow source no faster than the buffer takes what it gives', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers, bufferMemory: 100_000 });
    await producer.send({ topic });
    let given = 0;
    let mostAhead = 0;
    async function* slow() {
      for (; given < 5_000; given++) {
        if (given % 10 === 0) await new Promise(setImmediate);
        mostAhead = Math.max(mostAhead, given - producer.metrics().acceptedRecords);
        yield { topic, value: 'x'.repeat(1_000) };
      }
    }
    expect(await producer.sendAll(slow())).toMatchObject({ delivered: 5_000, failed: 0 });
    // A batch that waits for room, and one that is being collected.
    expect(mostAhead).toBeLessThanOrEqual(2_001);
  });

  it('takes promises, and closes a generator it does not read to its end', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    expect(await producer.sendAll([Promise.resolve({ topic }), { topic }] as { topic: string }[])).toEqual({
      count: 2,
      delivered: 2,
      failed: 0,
    });
    let closed = 0;
    async function* endless() {
      try {
        for (let i = 0; ; i++) {
          await sleep(1);
          yield { topic, partition: i === 5 ? 7 : 0 };
        }
      } finally {
        closed++;
      }
    }
    await expect(producer.sendAll(endless())).rejects.toMatchObject({ code: '_UNKNOWN_PARTITION' });
    await expect.poll(() => closed).toBe(1);
    expect(producer.metrics().outstandingRecords).toBe(0);
  });
});

describe('onRecordError', () => {
  it('is waited for: what it rejects with later ends sendAll and writable()', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const bad = { topic: 'orders', partition: 9 };
    const onRecordError = (async () => {
      await sleep(50);
      throw new Error('not kept');
    }) as () => void;
    await expect(producer.sendAll([bad], { onRecordError })).rejects.toThrow('not kept');
    const stream = producer.writable({ onRecordError });
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
    stream.end(bad);
    expect((await failed).message).toBe('not kept');
  });

  it('is told of what is no record’s error, too', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const options = { bootstrapServers: cluster.bootstrapServers, transactionalId: 'one' };
    const told: string[] = [];
    const stream = openProducer(options).writable({ onRecordError: ({ code }) => told.push(code) });
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
    stream.end({ topic: 'orders' });
    // The whole call was refused: that is the stream's end, too.
    expect(await failed).toMatchObject({ code: 'OUTSIDE_TRANSACTION' });
    await sleep(0);
    expect(told).toEqual(['OUTSIDE_TRANSACTION']);
  });

  it('not given, the error that ends it counts from the beginning', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const good = { topic: 'orders' };
    async function* source() {
      for (let i = 0; i < 5; i++) yield good;
      await producer.flush();
      await sleep(10);
      yield { topic: 'orders', partition: 9 };
    }
    await expect(producer.sendAll(source())).rejects.toMatchObject({ index: 5 });
    const stream = producer.writable();
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => stream.write(good, resolve));
    stream.write({ topic: 'orders', partition: 9 });
    expect(await failed).toMatchObject({ index: 5 });
  });
});

describe('an onRecordError that throws', () => {
  it.each<[string, () => unknown, string]>([
    ['nothing', () => Promise.reject(new Error('no more')), 'no more'],
    ['undefined', () => Promise.reject(), 'undefined'],
  ])('later, here %s, ends both as well', async (_, listener, message) => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const bad = { topic: 'orders', partition: 9 };
    async function* source() {
      yield bad;
      await new Promise(() => {});
    }
    const onRecordError = listener as () => void;
    const unhandled = await toldToProcess('unhandledRejection', async () => {
      const ended = producer.sendAll(source(), { onRecordError }).then(
        () => 'resolved',
        (error) => String(error?.message ?? error),
      );
      expect(await ended).toBe(message);
      const stream = producer.writable({ onRecordError });
      const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
      stream.write(bad);
      expect((await failed).message).toContain(message);
    });
    expect(unhandled).toEqual([]);
  });

  it('ends sendAll and destroys writable() with what it threw, and leaves no unhandled rejection', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    let told = 0;
    const onRecordError = () => {
      told++;
      throw new Error('no more');
    };
    const bad = { topic: 'orders', partition: 9 };
    const unhandled = await toldToProcess('unhandledRejection', async () => {
      await expect(producer.sendAll([bad, bad, { topic: 'orders' }], { onRecordError })).rejects.toThrow(
        'no more',
      );
      const stream = producer.writable({ onRecordError });
      const ended = new Promise((resolve) => stream.once('error', resolve));
      let finished = false;
      stream.once('finish', () => {
        finished = true;
      });
      stream.write(bad);
      stream.end({ topic: 'orders' });
      expect(await ended).toMatchObject({ message: 'no more' });
      await producer.flush();
      expect(finished).toBe(false);
    });
    expect(unhandled).toEqual([]);
    expect(told).toBe(2);
  });
});
