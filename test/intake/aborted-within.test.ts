// An abort or a close that the caller's own code asks for in the middle of a send: from a serializer, a partitioner, a getter or a
// callback. Whatever it ends, each record is told what became of it, and nobody else's suffers.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchError, Producer, ProducerOptions, Transaction } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import { toldToProcess } from '../testing/uncaught';

const failureOf = (sent: Promise<unknown>): Promise<BatchError> =>
  sent.then(
    () => expect.unreachable('it must fail'),
    (error) => error,
  );
const codesOf = ({ errors }: BatchError) => errors.map(({ index, code }) => [index, code]);
const values = (count: number, more = '') => Array.from({ length: count }, (_, i) => `${i}${more}`);

/** Serializes text; at `value` it calls `act` first, which may throw. */
const actingAt = (value: string, act: () => void): Partial<ProducerOptions<string, string>> => ({
  valueSerializer: {
    serialize: (_topic, text) => {
      if (text === value) act();
      return text;
    },
  },
});

describeOnEachCluster('a signal fired within a send', (cluster) => {
  const stored = async (topic: string) =>
    (await readBack(cluster.brokers, topic)).map(({ value }) => `${value}`);

  it.each([
    ['and throws', true],
    ['and goes on', false],
  ])(
    'by a serializer %s ends the rest of its batch, and what is told is what is stored',
    async (_, throws) => {
      const topic = await cluster.createTopic(1);
      const controller = new AbortController();
      const producer = openProducer<string, string>({
        bootstrapServers: cluster.brokers,
        ...actingAt('5', () => {
          controller.abort();
          if (throws) throw new Error('bad');
        }),
      });
      await producer.send({ topic, value: 'first' });
      const records = values(10).map((value) => ({ topic, value }));
      const error = await failureOf(producer.sendBatch(records, { signal: controller.signal }));
      const aborted = [6, 7, 8, 9].map((index) => [index, 'ABORTED']);
      expect(codesOf(error)).toEqual(throws ? [[5, 'SERIALIZATION_FAILED'], ...aborted] : aborted);
      await producer.send({ topic, value: 'last' });
      expect(await stored(topic)).toEqual(['first', ...values(throws ? 5 : 6), 'last']);
      expect(await producer.close()).toMatchObject({
        delivered: throws ? 7 : 8,
        refused: error.errors.length,
      });
    },
  );

  it('by a getter or a partitioner is too late for the record at hand, and harms no other', async () => {
    const topic = await cluster.createTopic(1);
    const controllers = [new AbortController(), new AbortController()];
    const records = values(10).map((value) => ({ topic, value }));
    Object.defineProperty(records[5], 'value', {
      enumerable: true,
      get: () => {
        controllers[0].abort();
        return '5';
      },
    });
    const plain = openProducer<string, string>({ bootstrapServers: cluster.brokers });
    await plain.send({ topic, value: 'first' });
    const batch = plain.sendBatch(records, { signal: controllers[0].signal });
    const beside = plain.send({ topic, value: 'beside' });
    expect(await batch).toMatchObject({ deliveredCount: 10 });
    await beside;
    expect(await plain.close()).toMatchObject({ accepted: 12, delivered: 12 });

    const chosen = openProducer<string, string>({
      bootstrapServers: cluster.brokers,
      partitioner: () => {
        controllers[1].abort();
        return 0;
      },
    });
    // The topic's first use: it waits for its partitions, and is then chosen one.
    await chosen.send({ topic, value: 'chosen' }, { signal: controllers[1].signal });
    await chosen.flush();
    expect(chosen.metrics()).toMatchObject({ outstandingRecords: 0, deliveredRecords: 1 });
    expect(await stored(topic)).toEqual(['first', ...values(10), 'beside', 'chosen']);
  });

  it('ends all sends that wait by it: none is let go by the end of another', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer<string, string>({
      bootstrapServers: cluster.brokers,
      valueSerializer: {
        serialize: (_topic, text) => (text === 'slow' ? sleep(60_000, text, { ref: false }) : text),
      },
    });
    await producer.send({ topic, value: 'first' });
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = [
      producer.send({ topic, value: 'slow' }, { signal }),
      producer.send({ topic, value: 'behind' }, { signal }),
      producer.sendBatch([{ topic, value: 'behind' }], { signal }).catch(({ errors }) => {
        throw errors[0];
      }),
    ];
    const untouched = producer.send({ topic, value: 'untouched' });
    await sleep(20);
    controller.abort();
    for (const sent of waiting) await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
    await untouched;
    expect(await stored(topic)).toEqual(['first', 'untouched']);
  });
});

describe('with a full buffer', () => {
  const SIZE = 1_000;

  /** Three sends' worth of buffer, and a batch of a hundred records that is served piece by piece. */
  async function start(
    act: (producer: Producer<string, string>) => void,
    more: Partial<ProducerOptions> = {},
  ) {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer: Producer<string, string> = openProducer<string, string>({
      bootstrapServers: cluster.bootstrapServers,
      bufferMemory: 20_000,
      ...actingAt(`60${'v'.repeat(SIZE)}`, () => act(producer)),
      ...more,
    } as ProducerOptions<string, string>);
    const records = values(100, 'v'.repeat(SIZE)).map((value) => ({ topic: 'orders', value }));
    return { cluster, producer, records };
  }

  it('a signal fired as a batch is served with memory leaves those behind it their turn', async () => {
    const controller = new AbortController();
    const { producer, records } = await start(() => {
      controller.abort();
      throw new Error('bad');
    });
    await producer.send({ topic: 'orders', value: 'first' });
    const uncaught = await toldToProcess('uncaughtException', async () => {
      const batch = failureOf(producer.sendBatch(records, { signal: controller.signal }));
      const behind = producer.send({ topic: 'orders', value: 'v'.repeat(9_000) });
      expect((await batch).result).toMatchObject({ deliveredCount: 60, failedCount: 40 });
      expect(await behind).toMatchObject({ offset: 61n });
      await producer.flush();
      expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, waitingSends: 0, outstandingRecords: 0 });
    });
    expect(uncaught).toEqual([]);
  });

  it('a transaction aborted by a serializer ends, and the next one is committed', async () => {
    let transaction: Transaction<string, string> | undefined;
    let aborted: Promise<void> | undefined;
    const { producer, records } = await start(
      () => {
        aborted ??= transaction?.abort();
      },
      { transactionalId: 'orders' },
    );
    transaction = await producer.beginTransaction();
    await transaction.send({ topic: 'orders', value: 'first' });
    const error = await failureOf(transaction.sendBatch(records));
    expect(error.result.count).toBe(100);
    await aborted;
    await producer.transact((next) => next.send({ topic: 'orders', value: 'next' }));
    expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, waitingSends: 0, outstandingRecords: 0 });
  });

  it('a producer closed by a serializer tells of each record, and closes', async () => {
    let closed: Promise<unknown> | undefined;
    const { producer, records } = await start((own) => {
      closed ??= own.close();
    });
    await producer.send({ topic: 'orders', value: 'first' });
    expect(await producer.sendBatch(records)).toMatchObject({ deliveredCount: 100 });
    expect(await closed).toMatchObject({ accepted: 101, delivered: 101 });
  });

  it('a callback that aborts others as close ends the waits keeps it from nothing', async () => {
    const { cluster, producer } = await start(() => {});
    await producer.send({ topic: 'orders', value: 'first' });
    cluster.setRoundTripTime('all', 60_000);
    const record = { topic: 'orders', value: 'v'.repeat(9_000) };
    const controller = new AbortController();
    const closed = { code: 'PRODUCER_CLOSED' };
    const onItsWay = expect(producer.send(record)).rejects.toMatchObject(closed);
    producer.send(record, () => controller.abort());
    const behind = expect(producer.send(record, { signal: controller.signal })).rejects.toMatchObject({
      code: expect.stringMatching(/^(ABORTED|PRODUCER_CLOSED)$/),
    });
    await sleep(20);
    expect(await producer.close({ timeoutMs: 100 })).toMatchObject({ accepted: 2, delivered: 1, refused: 2 });
    await Promise.all([onItsWay, behind]);
  });
});

describe('signals', () => {
  it('that many sends wait by have one listener, and none when all have gone', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = new Proxy(signal, {
      get: (target, name) => {
        if (name === 'addEventListener') listeners++;
        if (name === 'removeEventListener') listeners--;
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const sends = Array.from({ length: 30 }, () => producer.send({ topic: 'orders' }, { signal: counted }));
    expect(listeners).toBe(1);
    await Promise.all(sends);
    expect(listeners).toBe(0);
  });
});
