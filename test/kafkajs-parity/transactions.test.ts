// Transactions, seen by a consumer that reads what is committed.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Transaction } from '../../src/kafkajs';
import { kafkaJs } from '../broker/kafkajs-client';
import { endOffsets, withAdmin } from '../broker/topics';
import { describeParity, rejection } from './libraries';

const ENDED = {
  name: 'KafkaJSNonRetriableError',
  message: 'Cannot continue to use transaction once ended',
  retriable: false,
};

describeParity('transactions', (parity) => {
  const transactional = (config: object = {}) =>
    parity.connected({
      transactionalId: `tx-${randomUUID()}`,
      maxInFlightRequests: 1,
      idempotent: true,
      ...config,
    });

  /** The values of a topic's `count` committed messages, in their order. */
  const committed = async (topic: string, count: number) => {
    // The markers come a little after the commit, and readers stop before a transaction that is open.
    await expect
      .poll(async () => Number((await endOffsets(parity.brokers().join(), topic))[0]))
      .toBeGreaterThan(0);
    await expect.poll(async () => (await parity.read(topic)).length).toBe(count);
    return (await parity.read(topic)).map(({ value }) => String(value));
  };

  it('show what was committed', async () => {
    const topic = await parity.topic();
    const producer = await transactional();
    const transaction = await producer.transaction();
    expect(transaction.isActive()).toBe(true);
    expect(await transaction.send({ topic, messages: [{ key: 'k', value: 'a' }, { value: 'b' }] })).toEqual([
      {
        topicName: topic,
        partition: 0,
        errorCode: 0,
        baseOffset: '0',
        logAppendTime: '-1',
        logStartOffset: '0',
      },
    ]);
    expect(await parity.read(topic)).toEqual([]);
    await transaction.commit();
    expect(transaction.isActive()).toBe(false);
    expect(await committed(topic, 2)).toEqual(['a', 'b']);
  });

  it('hide what was aborted', async () => {
    const topic = await parity.topic();
    const producer = await transactional();
    const aborted = await producer.transaction();
    await aborted.send({ topic, messages: [{ value: 'never' }] });
    await aborted.abort();
    expect(aborted.isActive()).toBe(false);
    const next = await producer.transaction();
    await next.send({ topic, messages: [{ value: 'seen' }] });
    await next.commit();
    expect(await committed(topic, 1)).toEqual(['seen']);
  });

  it('span topics and partitions', async () => {
    const [one, other] = await Promise.all([parity.topic(), parity.topic()]);
    const producer = await transactional();
    const transaction = await producer.transaction();
    const results = await transaction.sendBatch({
      topicMessages: [
        { topic: one, messages: [{ value: 'a' }] },
        { topic: other, messages: [{ value: 'b' }] },
      ],
    });
    expect(results.map(({ topicName }) => topicName).sort()).toEqual([one, other].sort());
    await transaction.commit();
    expect(await committed(one, 1)).toEqual(['a']);
    expect(await committed(other, 1)).toEqual(['b']);
  });

  it('follow one another', async () => {
    const topic = await parity.topic();
    const producer = await transactional();
    for (const value of ['a', 'b', 'c']) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      await transaction.commit();
    }
    expect(await committed(topic, 3)).toEqual(['a', 'b', 'c']);
  });

  it('may be empty', async () => {
    const topic = await parity.topic();
    const producer = await transactional();
    await (await producer.transaction()).commit();
    await (await producer.transaction()).abort();
    const transaction = await producer.transaction();
    expect(await transaction.send({ topic, messages: [] })).toEqual([]);
    await transaction.commit();
  });

  it('need a transactional id', async () => {
    const producer = await parity.connected();
    expect(await rejection(producer.transaction())).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'Must provide transactional id for transactional producer',
    });
  });

  it('are one at a time', async () => {
    const producer = await transactional();
    const transaction = await producer.transaction();
    expect(await rejection(producer.transaction())).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message:
        'There is already an ongoing transaction for this producer. Please end the transaction before beginning another.',
    });
    await transaction.abort();
    await (await producer.transaction()).abort();
  });

  it.each(['commit', 'abort'] as const)('are of no use after %s', async (end) => {
    const topic = await parity.topic();
    const producer = await transactional();
    const transaction: Transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'a' }] });
    await transaction[end]();
    expect(await rejection(transaction.send({ topic, messages: [{ value: 'b' }] }))).toMatchObject(ENDED);
    expect(await rejection(transaction.sendBatch({ topicMessages: [] }))).toMatchObject(ENDED);
    expect(await rejection(transaction.sendOffsets({ consumerGroupId: 'g', topics: [] }))).toMatchObject(
      ENDED,
    );
    expect(await rejection(transaction.commit())).toMatchObject(ENDED);
    expect(await rejection(transaction.abort())).toMatchObject(ENDED);
  });

  it.each([0, 1])('refuse acks %i', async (acks) => {
    const topic = await parity.topic();
    const producer = await transactional();
    const transaction = await producer.transaction();
    expect(await rejection(transaction.send({ topic, acks, messages: [{ value: 'a' }] }))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: "Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees",
    });
    await transaction.abort();
  });

  it('refuse a message without value and an invalid topic, and go on', async () => {
    const topic = await parity.topic();
    const producer = await transactional();
    const transaction = await producer.transaction();
    await rejection(transaction.send({ topic, messages: [{ key: 'k' } as never] }));
    await rejection(transaction.send({ topic: '', messages: [{ value: 'a' }] }));
    await transaction.send({ topic, messages: [{ value: 'good' }] });
    await transaction.commit();
    expect(await committed(topic, 1)).toEqual(['good']);
  });

  it('refuse what cannot be sent, and go on', async () => {
    const topic = await parity.topic();
    const producer = await transactional();
    const transaction = await producer.transaction();
    await rejection(transaction.send({ topic, messages: [{ value: 5 as unknown as string }] }));
    const nowhere = transaction.send({ topic, messages: [{ value: 'lost', partition: 77 }] });
    if (parity.isMillrace) {
      expect(await rejection(nowhere)).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
      });
    } else {
      await nowhere;
    }
    await transaction.send({ topic, messages: [{ value: 'good', partition: 0 }] });
    await transaction.commit();
    expect(await committed(topic, 1)).toEqual(['good']);
  });

  it('refuse offsets that cannot be read, and go on', async () => {
    const topic = await parity.topic();
    const transaction = await (await transactional()).transaction();
    await transaction.send({ topic, messages: [{ value: 'good' }] });
    const offsets = { topics: [{ topic, partitions: [{ partition: 0, offset: 'none' }] }] };
    await rejection(transaction.sendOffsets({ consumerGroupId: 'g', ...offsets }));
    await transaction.commit();
    expect(await committed(topic, 1)).toEqual(['good']);
  });

  it('send by themselves, whatever has been put in the place of sendBatch', async () => {
    const topic = await parity.topic();
    const transaction = await (await transactional()).transaction();
    let batches = 0;
    const { sendBatch } = transaction;
    transaction.sendBatch = (batch) => {
      batches++;
      return sendBatch(batch);
    };
    await transaction.send({ topic, messages: [{ value: 'one' }] });
    await transaction.sendBatch({ topicMessages: [{ topic, messages: [{ value: 'two' }] }] });
    await transaction.commit();
    expect(batches).toBe(1);
  });

  it('leave sends of the producer itself outside', async () => {
    const [inside, outside] = await Promise.all([parity.topic(), parity.topic()]);
    const producer = await transactional({ idempotent: false });
    const transaction = await producer.transaction();
    await transaction.send({ topic: inside, messages: [{ value: 'in' }] });
    await producer.send({ topic: outside, messages: [{ value: 'out' }] });
    expect(await committed(outside, 1)).toEqual(['out']);
    await transaction.abort();
    expect(await committed(outside, 1)).toEqual(['out']);
    expect(await parity.read(inside)).toEqual([]);
  });

  it('have methods that work without the transaction', async () => {
    const topic = await parity.topic();
    const { send, sendBatch, commit, isActive } = await (await transactional()).transaction();
    await send({ topic, messages: [{ value: 'a' }] });
    await sendBatch({ topicMessages: [{ topic, messages: [{ value: 'b' }] }] });
    expect(isActive()).toBe(true);
    await commit();
    expect(await committed(topic, 2)).toEqual(['a', 'b']);
  });

  it('commit offsets of a group with the messages, or neither', async () => {
    const [source, target] = await Promise.all([parity.topic(), parity.topic()]);
    const groupId = `group-${randomUUID()}`;
    const producer = await transactional();
    const admin = kafkaJs(parity.brokers().join()).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    const offset = async () => {
      const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [source] });
      return partitions[0].offset;
    };
    const relay = async (to: string, end: 'commit' | 'abort') => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: target, messages: [{ value: to }] });
      await transaction.sendOffsets({
        consumerGroupId: groupId,
        topics: [{ topic: source, partitions: [{ partition: 0, offset: to }] }],
      });
      await transaction[end]();
    };
    await relay('5', 'abort');
    expect(await offset()).toBe('-1');
    await relay('7', 'commit');
    await expect.poll(offset).toBe('7');
    expect(await committed(target, 1)).toEqual(['7']);
  });

  it('fence the one that had the id before', async () => {
    const topic = await parity.topic();
    const transactionalId = `tx-${randomUUID()}`;
    const zombie = await transactional({ transactionalId });
    const left = await zombie.transaction();
    await left.send({ topic, messages: [{ value: 'zombie' }] });
    const successor = await transactional({ transactionalId });
    const transaction = await successor.transaction();
    await transaction.send({ topic, messages: [{ value: 'successor' }] });
    await transaction.commit();
    const error = await rejection(
      (async () => {
        await left.send({ topic, messages: [{ value: 'late' }] });
        await left.commit();
      })(),
    );
    expect(error).toMatchObject({ type: 'INVALID_PRODUCER_EPOCH', code: 47, retriable: false });
    expect(error).toBeInstanceOf(parity.library.KafkaJSProtocolError);
    expect(await committed(topic, 1)).toEqual(['successor']);
  });

  it('of one who is gone are aborted by the next with the id', async () => {
    const topic = await parity.topic();
    const transactionalId = `tx-${randomUUID()}`;
    const gone = await transactional({ transactionalId });
    const open = await gone.transaction();
    await open.send({ topic, messages: [{ value: 'lost' }] });
    await gone.disconnect();
    const next = await transactional({ transactionalId });
    const transaction = await next.transaction();
    await transaction.send({ topic, messages: [{ value: 'kept' }] });
    await transaction.commit();
    expect(await committed(topic, 1)).toEqual(['kept']);
  });

  it('of a process that was killed before its commit show nothing, offsets included', async () => {
    const topic = await parity.topic();
    const [transactionalId, groupId] = [`tx-${randomUUID()}`, `group-${randomUUID()}`];
    const library = parity.isMillrace ? 'millrace/kafkajs' : 'kafkajs';
    const program = join(__dirname, 'produce-and-hang.ts');
    const given = [library, parity.brokers().join(), transactionalId, topic, groupId];
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...given], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toBe('sent\n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const next = await transactional({ transactionalId });
    // The dead producer's transaction has a minute to live, but for this.
    const transaction = await next.transaction();
    await transaction.send({ topic, messages: [{ value: 'of the next' }] });
    await transaction.commit();
    expect(await committed(topic, 1)).toEqual(['of the next']);
    const offsets = await withAdmin(parity.brokers().join(), (admin) =>
      admin.fetchOffsets({ groupId, topics: [topic] }),
    );
    expect(offsets[0].partitions[0].offset).toBe('-1');
  });

  it.each([
    [{ topics: [] }, 'Missing consumerGroupId'],
    [{ consumerGroupId: '', topics: [] }, 'Missing consumerGroupId'],
    [{ consumerGroupId: 'g' }, 'Missing offset topics'],
  ])('ask for a group and its offsets: %o', async (given, message) => {
    const transaction = await (await transactional()).transaction();
    expect(await rejection(transaction.sendOffsets(given as never))).toMatchObject({
      name: 'AssertionError',
      message,
    });
    await transaction.abort();
  });

  it('go on after a transaction that failed was aborted', async () => {
    const topic = await parity.topic();
    const producer = await transactional();
    const failing = await producer.transaction();
    await rejection(failing.send({ topic, messages: [{ value: Buffer.alloc(2_000_000) }] }));
    await failing.abort();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'after' }] });
    await transaction.commit();
    expect(await committed(topic, 1)).toEqual(['after']);
  });
});
