// Where the two libraries differ: docs/kafkajs.md lists it, with the reasons.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Message } from '../../src/kafkajs';
import { describeParity, rejection } from './libraries';

/** For a coordinator to have done with a transaction. */
const KAFKAJS_COORDINATOR_MS = 500;

describeParity('deviations', ({ library, isMillrace, topic, connected, read, kafka }) => {
  const values = async (name: string) => (await read(name)).map(({ value }) => String(value));

  it('a partition that is not there: refused; kafkajs drops the message and resolves', async () => {
    const name = await topic();
    const producer = await connected();
    const call = producer.send({ topic: name, messages: [{ value: 'a', partition: 99 }, { value: 'b' }] });
    if (isMillrace) {
      expect(await rejection(call)).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
      });
    } else {
      expect(await call).toHaveLength(1);
    }
    expect(await values(name)).toEqual(['b']);
  });

  it.each([
    ['99', 99],
    ['-1', -1],
    ['null', null],
    ['undefined', undefined],
    ['an empty text', ''],
    ['NaN', Number.NaN],
  ])('a partitioner that answers %s: refused; kafkajs drops the message and resolves', async (_, answer) => {
    const name = await topic();
    const producer = await connected({ createPartitioner: () => () => answer as number });
    const call = producer.send({ topic: name, messages: [{ value: 'a' }] });
    if (isMillrace) expect(await rejection(call)).toMatchObject({ name: 'KafkaJSNonRetriableError' });
    else expect(await call).toEqual([]);
    expect(await values(name)).toEqual([]);
  });

  it('a number as value: an error of the family that names the field; kafkajs throws a TypeError', async () => {
    const name = await topic();
    const producer = await connected();
    const messages = [{ value: 5 as unknown as string }];
    const error = await rejection(producer.send({ topic: name, messages }));
    if (isMillrace) {
      expect(error).toBeInstanceOf(library.KafkaJSNonRetriableError);
      expect(error.message).toContain('value must be a string');
    } else {
      expect(error).toBeInstanceOf(TypeError);
    }
  });

  it('a null header: null; kafkajs throws', async () => {
    const name = await topic();
    const producer = await connected();
    const message = { value: 'v', headers: { h: null } } as unknown as Message;
    const call = producer.send({ topic: name, messages: [message] });
    if (isMillrace) {
      await call;
      expect((await read(name))[0].headers).toEqual([['h', null]]);
    } else {
      expect(await rejection(call)).toBeInstanceOf(TypeError);
    }
  });

  it('a Uint8Array: its bytes; kafkajs writes what the broker refuses', async () => {
    const name = await topic();
    const producer = await connected();
    const call = producer.send({ topic: name, messages: [{ value: new Uint8Array([1, 2]) as Buffer }] });
    if (isMillrace) {
      await call;
      expect((await read(name))[0].value).toEqual(Buffer.from([1, 2]));
    } else {
      expect(await rejection(call)).toMatchObject({ name: 'KafkaJSProtocolError' });
    }
  });

  it('a time before 1970: refused; kafkajs writes it', async () => {
    const name = await topic();
    const producer = await connected();
    const call = producer.send({ topic: name, messages: [{ value: 'v', timestamp: '-5' }] });
    if (isMillrace) expect(await rejection(call)).toMatchObject({ name: 'KafkaJSNonRetriableError' });
    else expect(await call).toHaveLength(1);
  });

  it('no messages for a topic that is not there: nothing to do; kafkajs looks it up', async () => {
    const producer = await connected({ allowAutoTopicCreation: false });
    const call = producer.send({ topic: `no-${randomUUID()}`, messages: [] });
    if (isMillrace) expect(await call).toEqual([]);
    else expect(await rejection(call)).toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded' });
  });

  it('snappy and lz4: native; kafkajs needs a package for each', async () => {
    const name = await topic();
    const producer = await connected();
    for (const compression of [library.CompressionTypes.Snappy, library.CompressionTypes.LZ4]) {
      const call = producer.send({ topic: name, compression, messages: [{ value: 'v' }] });
      if (isMillrace) expect(await call).toHaveLength(1);
      else expect(await rejection(call)).toMatchObject({ name: 'KafkaJSNotImplemented' });
    }
  });

  it('a transaction of a producer that is not connected: refused; kafkajs refuses what is sent in it', async () => {
    const unconnected = kafka().producer({ transactionalId: `tx-${randomUUID()}` });
    onTestFinished(() => unconnected.disconnect());
    const disconnected = { name: 'KafkaJSError', message: 'The producer is disconnected' };
    const beginning = unconnected.transaction();
    if (isMillrace) return expect(await rejection(beginning)).toMatchObject(disconnected);
    const transaction = await beginning;
    const call = { topic: await topic(), messages: [{ value: 'v' }] };
    expect(await rejection(transaction.send(call))).toMatchObject(disconnected);
  });

  it('compression in a transaction: the producer’s; kafkajs lets each call choose', async () => {
    const name = await topic();
    const { GZIP } = library.CompressionTypes;
    const call = { topic: name, compression: GZIP, messages: [{ value: 'v' }] };
    const refused = await (await connected({ transactionalId: `tx-${randomUUID()}` })).transaction();
    if (isMillrace) {
      expect(await rejection(refused.send(call))).toMatchObject({
        name: 'KafkaJSNotImplemented',
        message: expect.stringContaining('transactionCompression'),
      });
    } else {
      await refused.send(call);
    }
    await refused.abort();
    const chosen = { transactionalId: `tx-${randomUUID()}`, transactionCompression: GZIP };
    const transaction = await (await connected(chosen)).transaction();
    await transaction.send(call);
    await transaction.commit();
    await expect.poll(() => values(name)).toEqual(['v']);
  });

  // kafkajs does not try again where the coordinator is still busy with the transaction before: the faster the machine, the
  // likelier.
  const kafkajsMayFail = { retry: isMillrace ? 0 : 5 };
  it(
    'offsets of a transaction: marked for consumers when it commits; kafkajs marks them when they are sent',
    kafkajsMayFail,
    async () => {
      const name = await topic();
      const client = kafka();
      const producer = client.producer({ transactionalId: `tx-${randomUUID()}` });
      const groupId = `group-${randomUUID()}`;
      const consumer = client.consumer({ groupId });
      await Promise.all([producer.connect(), consumer.connect()]);
      await producer.send({ topic: name, messages: [{ value: 'a' }] });
      await consumer.subscribe({ topics: [name], fromBeginning: true });
      const uncommitted: string[][] = [];
      await new Promise<void>((done, failed) => {
        const relay = async (
          uncommittedOffsets: () => { topics: { partitions: { offset: string }[] }[] },
        ) => {
          const look = () =>
            uncommitted.push(
              uncommittedOffsets().topics.flatMap(({ partitions }) => partitions.map((p) => p.offset)),
            );
          for (const end of ['abort', 'commit'] as const) {
            const transaction = await producer.transaction();
            look();
            await transaction.sendOffsets({
              consumerGroupId: groupId,
              topics: [{ topic: name, partitions: [{ partition: 0, offset: '1' }] }],
            });
            look();
            await transaction[end]();
            look();
            if (!isMillrace) await sleep(KAFKAJS_COORDINATOR_MS);
          }
        };
        const eachBatch = async ({ resolveOffset, uncommittedOffsets }: never) => {
          (resolveOffset as (offset: string) => void)('0');
          await relay(uncommittedOffsets).then(done, failed);
        };
        consumer
          .run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: eachBatch as never })
          .catch(failed);
      });
      await Promise.all([producer.disconnect(), consumer.disconnect()]);
      expect(uncommitted).toEqual(
        isMillrace ? [['1'], ['1'], ['1'], ['1'], ['1'], []] : [['1'], [], [], [], [], []],
      );
    },
  );
});
