// What consumers that read committed records see of transactions, on a real Kafka.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Producer, ProducerOptions } from '../../src';
import { kafkaJs } from '../broker/kafkajs-client';
import { type ReadOptions, readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

describeOnKafka('transactions', (brokers) => {
  const transactional = (options: Partial<ProducerOptions> = {}): Producer =>
    openProducer({ bootstrapServers: brokers(), transactionalId: `tx-${randomUUID()}`, ...options });

  async function values(topic: string, options?: ReadOptions): Promise<string[]> {
    return (await readBack(brokers(), topic, options)).map(({ value }) => String(value));
  }

  it('show their records once committed, never once aborted, and not before', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const producer = transactional();
    const aborted = await producer.beginTransaction();
    await aborted.sendBatch([
      { topic, value: 'aborted 1' },
      { topic, value: 'aborted 2' },
    ]);
    await aborted.abort();
    const committed = await producer.beginTransaction();
    const { offset } = await committed.send({ topic, value: 'committed 1' });
    expect(offset).toBe(3n); // behind two records and an abort marker
    await committed.send({ topic, value: 'committed 2' });
    expect(await values(topic)).toEqual([]);
    await committed.commit();
    expect(await values(topic, { expectedCount: 2 })).toEqual(['committed 1', 'committed 2']);
  });

  it('keep to their limits, and to the order of sends, whatever waits for what', async () => {
    const known = await createTopic(brokers(), { partitions: 1 });
    // Little memory: most sends wait for it, the first also for their topics.
    const producer = transactional({ bufferMemory: 20_000, lingerMs: 20 });
    const expected: string[] = [];
    for (let t = 0; t < 12; t++) {
      const fresh = t % 4 === 0 ? await createTopic(brokers(), { partitions: 1 }) : known;
      const transaction = await producer.beginTransaction();
      const ends = t % 3 !== 2;
      const send = (value: string) => {
        void transaction.send({ topic: known, value });
        if (ends) expected.push(value);
      };
      for (let i = 0; i < 50; i++) send(`${t} single ${i} ${'x'.repeat(500)}`);
      const batch = Array.from({ length: 50 }, (_, i) => `${t} batch ${i} ${'y'.repeat(500)}`);
      // Nobody awaits them: the end of the transaction does.
      transaction.sendBatch([{ topic: fresh, value: `${t} other` }]).catch(() => {});
      transaction.sendBatch(batch.map((value) => ({ topic: known, value }))).catch(() => {});
      if (ends) expected.push(...(fresh === known ? [`${t} other`] : []), ...batch);
      await (ends ? transaction.commit() : transaction.abort());
      expect(producer.metrics()).toMatchObject({ waitingSends: 0, outstandingRecords: 0, bufferedBytes: 0 });
    }
    expect(await values(known, { expectedCount: expected.length })).toEqual(expected);
  });

  it('of an aborted transaction nothing reaches the next one', async () => {
    const topic = await createTopic(brokers(), { partitions: 2 });
    const producer = transactional({ bufferMemory: 50_000 });
    const expected: string[] = [];
    for (let t = 0; t < 5; t++) {
      const transaction = await producer.beginTransaction();
      const batch = Array.from({ length: 500 }, (_, i) => ({
        topic,
        value: `aborted ${t} ${i} ${'x'.repeat(200)}`,
      }));
      const outcome = transaction.sendBatch(batch).then(
        () => 'delivered',
        (error) => new Set(error.errors.map(({ code }: { code: string }) => code)),
      );
      await transaction.abort();
      expect(['delivered', new Set(['TRANSACTION_ABORTED'])]).toContainEqual(await outcome);
      await producer.transact((tx) => tx.send({ topic, value: `committed ${t}` }));
      expected.push(`committed ${t}`);
    }
    expect((await values(topic, { expectedCount: 5 })).sort()).toEqual(expected);
  });

  it('of a process that was killed before its commit show nothing, and the next producer of its id goes on', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const transactionalId = `tx-${randomUUID()}`;
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(__dirname, 'produce-and-hang.ts'), brokers(), transactionalId, topic],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toBe('sent\n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const next = transactional({ transactionalId });
    // The dead producer's transaction has a minute to live, but for this.
    await next.transact((tx) => tx.send({ topic, value: 'of the next' }));
    expect(await values(topic, { expectedCount: 1 })).toEqual(['of the next']);
  });

  it('relay records: what is consumed and what is produced from it are committed together or not at all', async () => {
    const source = await createTopic(brokers(), { partitions: 2 });
    const target = await createTopic(brokers(), { partitions: 2 });
    const input = openProducer({ bootstrapServers: brokers() });
    const count = 40;
    await input.sendBatch(
      Array.from({ length: count }, (_, i) => ({ topic: source, key: `${i}`, value: `${i}` })),
    );
    const groupId = `relay-${randomUUID()}`;
    const producer = transactional();
    let transactions = 0;
    let relayed = 0;
    const consumer = kafkaJs(brokers()).consumer({ groupId, maxWaitTimeInMs: 50 });
    onTestFinished(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topics: [source], fromBeginning: true });
    const done = new Promise<void>((resolve) => {
      void consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch, resolveOffset, isStale }) => {
          for (const { key, value, offset } of batch.messages) {
            if (isStale()) return;
            const fails = transactions++ % 3 === 1;
            const transaction = await producer.beginTransaction();
            void transaction.send({ topic: target, key, value: `relayed ${value}` });
            await transaction.sendOffsets({
              consumerGroupId: groupId,
              topics: [
                {
                  topic: batch.topic,
                  partitions: [{ partition: batch.partition, offset: (BigInt(offset) + 1n).toString() }],
                },
              ],
            });
            if (fails) {
              await transaction.abort();
              // Once more, as a consumer that begins again at the committed offset would.
              await producer.transact((tx) => {
                void tx.send({ topic: target, key, value: `relayed ${value}` });
                return tx.sendOffsets({
                  consumerGroupId: groupId,
                  topics: [
                    {
                      topic: batch.topic,
                      partitions: [{ partition: batch.partition, offset: BigInt(offset) + 1n }],
                    },
                  ],
                });
              });
            } else {
              await transaction.commit();
            }
            resolveOffset(offset);
            if (++relayed === count) resolve();
          }
        },
      });
    });
    await done;
    const expected = Array.from({ length: count }, (_, i) => `relayed ${i}`).sort();
    expect((await values(target, { expectedCount: count })).sort()).toEqual(expected);
    const admin = kafkaJs(brokers()).admin();
    await admin.connect();
    const committed = async () => {
      const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [source] });
      return partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
    };
    await expect.poll(committed, { timeout: 10_000 }).toBe(count);
    await admin.disconnect();
  });

  it('offsets of an aborted transaction are not committed, their metadata comes with those that are', async () => {
    const topic = await createTopic(brokers(), { partitions: 3 });
    const consumerGroupId = `group-${randomUUID()}`;
    const producer = transactional();
    const at = (offset: string | number | bigint, metadata?: string) => ({
      consumerGroupId,
      topics: [{ topic, partitions: [0, 1, 2].map((partition) => ({ partition, offset, metadata })) }],
    });
    await producer.transact((tx) => tx.sendOffsets(at('7', 'seven')));
    const aborted = await producer.beginTransaction();
    await aborted.sendOffsets(at(9007199254740993n));
    await aborted.abort();
    const admin = kafkaJs(brokers()).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    const offsets = async () => {
      const [{ partitions }] = await admin.fetchOffsets({ groupId: consumerGroupId, topics: [topic] });
      return partitions.map(({ offset, metadata }) => `${offset} ${metadata}`);
    };
    await expect.poll(offsets, { timeout: 10_000 }).toEqual(['7 seven', '7 seven', '7 seven']);
    await producer.transact((tx) => tx.sendOffsets(at(9007199254740993n, 'nine')));
    await expect.poll(offsets, { timeout: 10_000 }).toEqual(new Array(3).fill('9007199254740993 nine'));
  });

  it('refuse the offsets of a consumer that its group has gone on without', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const producer = transactional();
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic, value: 'v' });
    await expect(
      transaction.sendOffsets({
        consumerGroupId: `group-${randomUUID()}`,
        generationId: 5,
        memberId: 'gone',
        topics: [{ topic, partitions: [{ partition: 0, offset: 1 }] }],
      }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)$/),
      abortable: true,
    });
    await expect(transaction.commit()).rejects.toMatchObject({ abortable: true });
    await transaction.abort();
    await producer.transact((tx) => tx.send({ topic, value: 'w' }));
    expect(await values(topic, { expectedCount: 1 })).toEqual(['w']);
  });

  it('a record that fails makes commit reject; after the abort the producer goes on', async () => {
    const topic = await createTopic(brokers(), { partitions: 1, configs: { 'max.message.bytes': '2000' } });
    const producer = transactional();
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic, value: 'good' });
    void transaction.send({ topic, value: Buffer.alloc(5000) });
    await expect(transaction.commit()).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      abortable: true,
      fatal: false,
      cause: { code: 'MSG_SIZE_TOO_LARGE', topic, abortable: true },
    });
    await transaction.abort();
    // librdkafka goes on with the sequence number behind the refused record, which the broker takes for a gap: once.
    await producer.transact((tx) => tx.send({ topic, value: 'next' }), { retries: 1 });
    await producer.transact((tx) => tx.send({ topic, value: 'last' }));
    expect(await values(topic, { expectedCount: 2 })).toEqual(['next', 'last']);
  });

  it('fence the older of two producers with one id: whatever it does fails, and shows nothing', async () => {
    const topic = await createTopic(brokers(), { partitions: 2 });
    const transactionalId = `tx-${randomUUID()}`;
    const zombie = transactional({ transactionalId });
    const errors: string[] = [];
    zombie.on('brokerError', ({ code, fatal }) => fatal && errors.push(code));
    const left = await zombie.beginTransaction();
    await left.send({ topic, value: 'of the zombie' });
    const heir = transactional({ transactionalId });
    await heir.transact((tx) => tx.send({ topic, value: 'of the heir' }));
    const fenced = { code: '_FENCED', fatal: true, retriable: false, abortable: false };
    await expect(left.commit()).rejects.toMatchObject(fenced);
    expect(left.isActive()).toBe(false);
    await expect(left.send({ topic, value: 'more' })).rejects.toMatchObject(fenced);
    await expect(left.sendBatch([{ topic, value: 'more' }])).rejects.toMatchObject(fenced);
    await expect(left.commit()).rejects.toMatchObject(fenced);
    await expect(left.abort()).rejects.toMatchObject(fenced);
    await expect(zombie.beginTransaction()).rejects.toMatchObject(fenced);
    await expect(zombie.transact(() => expect.unreachable('it ran'))).rejects.toMatchObject(fenced);
    await expect.poll(() => errors).toEqual(['_FENCED']);
    await zombie.close();
    await heir.transact((tx) => tx.send({ topic, value: 'of the heir, still' }));
    expect((await values(topic, { expectedCount: 2 })).sort()).toEqual(['of the heir', 'of the heir, still']);
  });

  it('that outlive transactionTimeoutMs are aborted by the brokers, which is the end of their producer', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const producer = transactional({ transactionTimeoutMs: 1000 });
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic, value: 'too late' });
    const plain = openProducer({ bootstrapServers: brokers() });
    await plain.send({ topic, value: 'behind it' });
    // Readers get past it once it is aborted. Brokers look for such transactions every ten seconds.
    expect(await values(topic, { expectedCount: 1, timeoutMs: 50_000 })).toEqual(['behind it']);
    await expect(transaction.commit()).rejects.toMatchObject({ code: '_FENCED', fatal: true });
    await expect(producer.beginTransaction()).rejects.toMatchObject({ code: '_FENCED', fatal: true });
  }, 60_000);

  it('that are open when the producer closes are aborted', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const transactionalId = `tx-${randomUUID()}`;
    const producer = transactional({ transactionalId, lingerMs: 1000 });
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic, value: 'early' });
    const late = transaction.send({ topic, value: 'late' });
    const outcome = late.catch(({ code }) => code);
    await producer.close();
    expect(['TRANSACTION_ABORTED', expect.anything()]).toContainEqual(await outcome);
    await expect(transaction.commit()).rejects.toMatchObject({ code: expect.stringMatching(/ENDED|CLOSED/) });
    // Not merely left open: readers get past it although no other producer takes the id.
    const plain = openProducer({ bootstrapServers: brokers() });
    await plain.send({ topic, value: 'behind it' });
    expect(await values(topic, { expectedCount: 1 })).toEqual(['behind it']);
  });
});
