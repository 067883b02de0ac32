// What a transaction may not be used for, and what it is told.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Producer } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { endOffsets } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

async function start(): Promise<{ cluster: EmbeddedCluster; producer: Producer }> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, transactionalId: 'one' });
  return { cluster, producer };
}

const record = { topic: 'orders', value: 'v' };
const offsets = {
  consumerGroupId: 'g',
  topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: 1 }] }],
};

describe('a producer with transactionalId', () => {
  it('goes on when a transaction is aborted while offsets are on their way and a record has failed', async () => {
    const { cluster, producer } = await start();
    await producer.transact((transaction) => transaction.send(record));
    const transaction = await producer.beginTransaction();
    await transaction.send(record);
    cluster.failRequests('AddOffsetsToTxn', 'NO_ERROR', { broker: 1, delayMs: 800 });
    cluster.failRequests('Produce', 'TOPIC_AUTHORIZATION_FAILED', { broker: 1 });
    const sent = transaction.sendOffsets(offsets);
    // Until it is the brokers' turn to answer.
    await sleep(200);
    await expect(transaction.send(record)).rejects.toMatchObject({ abortable: true });
    const [aborted, told] = await Promise.allSettled([transaction.abort(), sent]);
    expect(aborted.status).toBe('fulfilled');
    expect(told.status).toBe('rejected');
    await (await producer.beginTransaction()).abort();
  });

  it('refuses what is sent outside of a transaction, be one open or not', async () => {
    const { producer } = await start();
    const outside = { code: 'OUTSIDE_TRANSACTION', retriable: false };
    await expect(producer.send(record)).rejects.toMatchObject(outside);
    const transaction = await producer.beginTransaction();
    await transaction.send(record);
    await expect(producer.send(record)).rejects.toMatchObject(outside);
    await expect(producer.sendBatch([record])).rejects.toMatchObject(outside);
    await expect(producer.dispatch(record).delivered).rejects.toMatchObject(outside);
    // The open transaction has nothing to do with it.
    await transaction.commit();
  });

  it('refuses what a serializer or getter sends by it while the transaction sends', async () => {
    const { cluster } = await start();
    const inner: Promise<unknown>[] = [];
    const producer = openProducer<string, string>({
      bootstrapServers: cluster.bootstrapServers,
      transactionalId: 'serializing',
      valueSerializer: {
        serialize: (_topic, value) => {
          if (value === 'outer') inner.push(producer.send({ topic: 'orders', value: 'inner' }));
          return value;
        },
      },
    });
    await producer.transact(async (transaction) => {
      const sent = transaction.send({ topic: 'orders', value: 'outer' });
      await expect(inner[0]).rejects.toMatchObject({ code: 'OUTSIDE_TRANSACTION' });
      await sent;
      const batch = transaction.sendBatch([{ topic: 'orders', value: 'outer' }]);
      await expect(inner[1]).rejects.toMatchObject({ code: 'OUTSIDE_TRANSACTION' });
      await batch;
    });
    expect(inner).toHaveLength(2);
    expect(await endOffsets(cluster.bootstrapServers, 'orders')).toEqual([2n]);
  });

  it('lets transactions send although its own send has been replaced, or an option’s getter sends', async () => {
    const { cluster, producer } = await start();
    const send = producer.send.bind(producer);
    producer.send = ((...given: Parameters<typeof send>) => {
      void send(record).catch(() => {});
      return send(...given);
    }) as typeof producer.send;
    let stowaway: Promise<unknown> | undefined;
    const options = {
      get signal() {
        stowaway ??= send(record);
        stowaway.catch(() => {});
        return undefined;
      },
    };
    await producer.transact((transaction) => transaction.send(record, options));
    await expect(stowaway).rejects.toMatchObject({ code: 'OUTSIDE_TRANSACTION' });
    expect(await endOffsets(cluster.bootstrapServers, 'orders')).toEqual([1n]);
  });

  it('has one transaction at a time', async () => {
    const { producer } = await start();
    const open = { code: 'TRANSACTION_OPEN' };
    const first = producer.beginTransaction();
    await expect(producer.beginTransaction()).rejects.toMatchObject(open);
    const transaction = await first;
    await expect(producer.beginTransaction()).rejects.toMatchObject(open);
    await expect(producer.transact(() => expect.unreachable('it ran'))).rejects.toMatchObject(open);
    const committed = transaction.commit();
    await expect(producer.beginTransaction()).rejects.toMatchObject(open);
    await committed;
    await (await producer.beginTransaction()).abort();
    await producer.transact(async () => {
      await expect(producer.transact(() => 0)).rejects.toMatchObject(open);
    });
  });

  it('cannot be shared with other threads', async () => {
    const { producer } = await start();
    expect(() => producer.share()).toThrow(/transactionalId/);
  });

  it('that is closed begins none', async () => {
    const { producer } = await start();
    const transaction = await producer.beginTransaction();
    await producer.close();
    const closed = { code: 'PRODUCER_CLOSED' };
    await expect(producer.beginTransaction()).rejects.toMatchObject(closed);
    await expect(producer.transact(() => 0)).rejects.toMatchObject(closed);
    await expect(transaction.send(record)).rejects.toMatchObject(closed);
    expect(transaction.isActive()).toBe(false);
  });

  it('may be closed while a transaction begins, commits, aborts or runs', async () => {
    for (const way of ['begin', 'commit', 'abort', 'transact']) {
      const { producer } = await start();
      let pending: Promise<unknown>;
      if (way === 'begin') pending = producer.beginTransaction();
      else if (way === 'transact') pending = producer.transact((tx) => tx.send(record));
      else {
        const transaction = await producer.beginTransaction();
        void transaction.send(record);
        pending = way === 'commit' ? transaction.commit() : transaction.abort();
      }
      const [outcome] = await Promise.allSettled([pending, producer.close()]);
      if (outcome.status === 'rejected') {
        expect(outcome.reason, way).toMatchObject({ code: expect.stringMatching(/CLOSED|ABORTED|FAILED/) });
      }
    }
  });
});

it('a producer without transactionalId has no transactions', async () => {
  const producer = openProducer({ bootstrapServers: 'localhost:1' });
  await expect(producer.beginTransaction()).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
  await expect(producer.transact(() => 0)).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
});

describe.each(['commit', 'abort'] as const)('after its %s, a transaction', (end) => {
  it('refuses everything', async () => {
    const { producer } = await start();
    const transaction = await producer.beginTransaction();
    expect(transaction.isActive()).toBe(true);
    await transaction.send(record);
    const ending = transaction[end]();
    expect(transaction.isActive()).toBe(false);
    const ended = { code: 'TRANSACTION_ENDED' };
    await expect(transaction.send(record)).rejects.toMatchObject(ended);
    await ending;
    expect(transaction.isActive()).toBe(false);
    await expect(transaction.send(record)).rejects.toMatchObject(ended);
    await expect(transaction.sendBatch([record])).rejects.toMatchObject(ended);
    await expect(transaction.sendOffsets(offsets)).rejects.toMatchObject(ended);
    await expect(transaction.commit()).rejects.toMatchObject(ended);
    await expect(transaction.abort()).rejects.toMatchObject(ended);
    // Nor does the next one mind.
    await producer.transact((tx) => tx.send(record));
  });
});

describe('a transaction', () => {
  it('of which something failed takes nothing more, and can only be aborted', async () => {
    const { producer } = await start();
    const transaction = await producer.beginTransaction();
    await expect(transaction.send({ topic: 'orders', value: 7 as never })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
      abortable: true,
    });
    const failed = { code: 'TRANSACTION_FAILED', abortable: true, cause: { code: 'INVALID_RECORD' } };
    await expect(transaction.send(record)).rejects.toMatchObject(failed);
    await expect(transaction.commit()).rejects.toMatchObject(failed);
    await expect(transaction.commit()).rejects.toMatchObject(failed);
    expect(transaction.isActive()).toBe(true);
    await transaction.abort();
    await producer.transact((tx) => tx.send(record));
  });

  it('tells the failure of a batch that nobody awaits', async () => {
    const { producer } = await start();
    const failing = producer.transact((tx) => {
      void tx.sendBatch([record, { topic: 'no topic', value: 'v' }, record]);
      void tx.send(record);
    });
    await expect(failing).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      cause: {
        code: 'BATCH_FAILED',
        abortable: true,
        errors: [{ index: 1, code: 'INVALID_RECORD', abortable: true }],
      },
    });
    await producer.transact((tx) => tx.send(record));
  });

  it('without anything in it may be committed and aborted', async () => {
    const { producer } = await start();
    await (await producer.beginTransaction()).commit();
    await (await producer.beginTransaction()).abort();
    expect(await producer.transact(() => 'result')).toBe('result');
    await producer.transact((tx) => tx.sendOffsets({ consumerGroupId: 'g', topics: [] }));
  });

  it('never passes for committed when something else has ended it', async () => {
    const { cluster, producer } = await start();
    const running = producer.transact(async (tx) => {
      await tx.send(record);
      const closed = producer.close();
      await sleep(200);
      await closed;
      return 'result';
    });
    await expect(running).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    for (const code of ['PRODUCER_FENCED', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'] as const) {
      const fenced = openProducer({ bootstrapServers: cluster.bootstrapServers, transactionalId: code });
      const fatal = once(fenced, 'brokerError');
      const ended = fenced.transact(async (tx) => {
        cluster.failRequests('AddPartitionsToTxn', code);
        void tx.send(record);
        expect((await fatal)[0]).toMatchObject({ fatal: true });
        return 'result';
      });
      await expect(ended).rejects.toMatchObject({ fatal: true });
      cluster.clearFailures('AddPartitionsToTxn');
    }
  });

  it('takes no callback, and says so', async () => {
    const { producer } = await start();
    const transaction = await producer.beginTransaction();
    await expect(transaction.send(record, (() => {}) as never)).rejects.toThrow(/it takes no callback/);
    await transaction.send(record);
    await transaction.commit();
  });

  it('may be ended within transact', async () => {
    const { producer } = await start();
    const result = await producer.transact(async (tx) => {
      await tx.send(record);
      await tx.abort();
      return 'aborted';
    });
    expect(result).toBe('aborted');
    await producer.transact(async (tx) => {
      void tx.send(record);
      void tx.commit();
    });
    await producer.transact((tx) => tx.send(record));
  });

  it.each([
    [undefined, /an object/],
    [{ ...offsets, consumerGroupId: '' }, /consumerGroupId/],
    [{ ...offsets, topics: undefined }, /topics as a list/],
    [{ ...offsets, generationId: 1.5 }, /generationId/],
    [{ ...offsets, memberId: 7 }, /memberId/],
    [{ ...offsets, topics: [{ topic: '', partitions: [] }] }, /by its name/],
    [
      { ...offsets, topics: [{ topic: 't', partitions: [{ partition: -1, offset: 1 }] }] },
      /partitions of topic t/,
    ],
    [
      { ...offsets, topics: [{ topic: 't', partitions: [{ partition: 0, offset: -1 }] }] },
      /offset of topic t/,
    ],
    [{ ...offsets, topics: [{ topic: 't', partitions: [{ partition: 0, offset: '1e3' }] }] }, /string "1e3"/],
    [{ ...offsets, topics: [{ topic: 't', partitions: [{ partition: 0, offset: 2 ** 53 }] }] }, /offset/],
  ])('refuses the offsets %o', async (given, message) => {
    const { producer } = await start();
    const transaction = await producer.beginTransaction();
    await expect(transaction.sendOffsets(given as typeof offsets)).rejects.toMatchObject({
      code: 'INVALID_RECORD',
      message: expect.stringMatching(message),
    });
  });
});
