// Proves the harness: what KafkaJS writes to the real broker is what the tests' own reader reads back.
import type { Message, Producer } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { kafkaJs } from './kafkajs-client';
import { forEachRecord, type ReadRecord, readBack } from './read-back';
import { describeOnKafka, describeWithOwnKafka } from './real-broker';
import { RealKafka } from './real-kafka';
import {
  createTopic,
  deleteTopic,
  endOffsets,
  growTopic,
  offsetRanges,
  partitionStates,
  untilInSync,
} from './topics';

describeOnKafka('the harness on a real broker', (brokers) => {
  it('reads back every field of every record, by partition and offset', async () => {
    const topic = await createTopic(brokers(), { partitions: 3 });
    await produce(brokers(), topic, [
      { partition: 2, key: 'c', value: 'third', timestamp: '1700000000000' },
      { partition: 0, key: null, value: null, timestamp: '1' },
      { partition: 0, key: '', value: '', timestamp: '2' },
      {
        partition: 0,
        key: Buffer.from([0xff, 0x00]),
        value: Buffer.from([0x80]),
        timestamp: '3',
        headers: { once: Buffer.from([0xfe]), twice: ['a', 'b'], toString: 'inherited' },
      },
    ]);

    expect(await readBack(brokers(), topic)).toEqual<ReadRecord[]>([
      { partition: 0, offset: 0n, key: null, value: null, headers: [], timestamp: 1 },
      { partition: 0, offset: 1n, key: Buffer.from(''), value: Buffer.from(''), headers: [], timestamp: 2 },
      {
        partition: 0,
        offset: 2n,
        key: Buffer.from([0xff, 0x00]),
        value: Buffer.from([0x80]),
        headers: [
          ['once', Buffer.from([0xfe])],
          ['twice', Buffer.from('a')],
          ['twice', Buffer.from('b')],
          ['toString', Buffer.from('inherited')],
        ],
        timestamp: 3,
      },
      {
        partition: 2,
        offset: 0n,
        key: Buffer.from('c'),
        value: Buffer.from('third'),
        headers: [],
        timestamp: 1_700_000_000_000,
      },
    ]);
    expect(await endOffsets(brokers(), topic)).toEqual([3n, 0n, 1n]);
  });

  it('reads an empty topic as no records, at once', async () => {
    const topic = await createTopic(brokers(), { partitions: 2 });
    expect(await readBack(brokers(), topic)).toEqual([]);
    expect(await endOffsets(brokers(), topic)).toEqual([0n, 0n]);
  });

  it('reads what is left after the oldest records are gone', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    await produce(brokers(), topic, numbered(0, 5));
    const admin = kafkaJs(brokers()).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    await admin.disconnect();
    expect(await offsetRanges(brokers(), topic)).toEqual([{ start: 3n, end: 5n }]);
    expect((await readBack(brokers(), topic)).map(({ offset }) => offset)).toEqual([3n, 4n]);
  });

  it('passes over transaction markers and aborted records', async () => {
    const topic = await createTopic(brokers(), { partitions: 2 });
    await withProducer(brokers(), { transactional: true }, async (producer) => {
      const committed = await producer.transaction();
      await committed.send({ topic, messages: numbered(0, 2) });
      await committed.commit();
      const aborted = await producer.transaction();
      await aborted.send({ topic, messages: [...numbered(0, 3), ...numbered(1, 1)] });
      await aborted.abort();
    });

    await expect.poll(() => endOffsets(brokers(), topic)).toEqual([7n, 2n]);
    expect((await readBack(brokers(), topic)).map(({ offset }) => offset)).toEqual([0n, 1n]);
  });

  it('waits for as many records as are expected', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const reading = readBack(brokers(), topic, { expectedCount: 4 });
    await produce(brokers(), topic, numbered(0, 2));
    await produce(brokers(), topic, numbered(0, 2));
    expect(await reading).toHaveLength(4);
  });

  it('returns more records than expected, where there are more', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    await produce(brokers(), topic, numbered(0, 3));
    expect(await readBack(brokers(), topic, { expectedCount: 2 })).toHaveLength(3);
  });

  it('gives up, and tells how far it came, when expected records do not come', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    await produce(brokers(), topic, numbered(0, 1));
    const reading = readBack(brokers(), topic, { expectedCount: 2, timeoutMs: 2_000 });
    await expect(reading).rejects.toThrow(/stopped at 1 of 2 records \(offset by partition 0: 1 of 1\)/);
  });

  it('hands over many records one by one, without keeping them', async () => {
    const topic = await createTopic(brokers(), { partitions: 2 });
    const perPartition = 20_000;
    await withProducer(brokers(), {}, async (producer) => {
      for (let sent = 0; sent < perPartition; sent += 1_000) {
        await producer.send({ topic, messages: [...numbered(0, 1_000), ...numbered(1, 1_000)] });
      }
    });
    const next = [0n, 0n];
    const count = await forEachRecord(brokers(), topic, ({ partition, offset }) => {
      if (offset !== next[partition]++) throw new Error(`offset ${offset} out of order`);
    });
    expect(count).toBe(2 * perPartition);
    expect(next).toEqual(await endOffsets(brokers(), topic));
  });

  it('stops with the error of the function it hands records to', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    await produce(brokers(), topic, numbered(0, 1));
    const reading = forEachRecord(brokers(), topic, () => {
      throw new Error('not this one');
    });
    await expect(reading).rejects.toThrow('not this one');
  });

  it('grows and deletes topics, and takes their settings', async () => {
    const topic = await createTopic(brokers(), { partitions: 1, configs: { 'max.message.bytes': '100' } });
    await growTopic(brokers(), topic, 4);
    expect(await endOffsets(brokers(), topic)).toEqual([0n, 0n, 0n, 0n]);
    await expect(produce(brokers(), topic, [{ partition: 3, value: 'x'.repeat(200) }])).rejects.toMatchObject(
      {
        type: 'MESSAGE_TOO_LARGE',
      },
    );
    await deleteTopic(brokers(), topic);
    await createTopic(brokers(), { topic, partitions: 1 });
    await expect(createTopic(brokers(), { topic, partitions: 1 })).rejects.toThrow(/there already/);
  });
});

function numbered(partition: number, count: number): Message[] {
  return Array.from({ length: count }, (_, i) => ({ partition, value: String(i) }));
}

async function produce(brokers: string, topic: string, messages: Message[]): Promise<void> {
  await withProducer(brokers, {}, (producer) => producer.send({ topic, messages }));
}

async function withProducer(
  brokers: string,
  { transactional = false },
  use: (producer: Producer) => Promise<unknown>,
): Promise<void> {
  const transaction = { transactionalId: 'harness', idempotent: true, maxInFlightRequests: 1 };
  const producer = kafkaJs(brokers).producer(transactional ? transaction : {});
  await producer.connect();
  try {
    await use(producer);
  } finally {
    await producer.disconnect();
  }
}

describeWithOwnKafka('a cluster of three brokers behind proxies', () => {
  it('stores on all three, outlives a kill, a pause and a cut, and has its broker back on the same port', async () => {
    const kafka = await RealKafka.start({ brokers: 3, heap: '384m', proxied: true });
    onTestFinished(() => kafka.stop());
    const [first, second, third] = kafka.brokers;
    const topic = await createTopic(kafka.directServers, { partitions: 3 });
    expect(await partitionStates(kafka.directServers, topic)).toMatchObject(
      new Array(3).fill({ replicas: [1, 2, 3], inSync: [1, 2, 3] }),
    );
    // Clients are told of the proxies alone.
    expect(kafka.bootstrapServers).toBe(kafka.brokers.map(({ proxy }) => `127.0.0.1:${proxy?.port}`).join());
    await produce(kafka.bootstrapServers, topic, numbered(0, 10));
    await expect.poll(() => first.proxy?.connections).toBe(0);

    await first.kill('SIGKILL');
    expect(first.pid).toBeUndefined();
    await expect
      .poll(async () => (await partitionStates(kafka.directServers, topic)).map(({ leader }) => leader), {
        timeout: 30_000,
      })
      .not.toContain(1);
    // KafkaJS gives up when the broker it asks first has gone.
    await produce(`127.0.0.1:${second.port}`, topic, numbered(0, 10));
    await first.start();
    await untilInSync(kafka.directServers, topic);

    await second.kill('SIGSTOP');
    expect(second.pid).toBeDefined();
    third.proxy?.cut();
    await second.kill('SIGCONT');
    await untilInSync(kafka.directServers, topic);
    await produce(kafka.bootstrapServers, topic, numbered(0, 10));
    expect(await readBack(kafka.directServers, topic)).toHaveLength(30);
  }, 120_000);
});
