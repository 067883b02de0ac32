// A topic that gets more partitions while records are being sent to it.
import { expect, it, onTestFinished } from 'vitest';
import { type PartitionGrowth, Producer, type ProducerOptions, partitionForKey } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, growTopic } from '../broker/topics';
import { openProducer } from '../testing/open-producer';
import { toldToProcess } from '../testing/uncaught';

const KEYS = Array.from({ length: 64 }, (_, i) => `key-${i}`);
const partitionsWith = (count: number) => KEYS.map((key) => partitionForKey(Buffer.from(key), count));

describeOnKafka('a topic that grows from 4 to 8 partitions', (brokers) => {
  async function growing(
    options: Partial<ProducerOptions>,
  ): Promise<{ topic: string; producer: Producer; growth: Promise<PartitionGrowth> }> {
    const topic = await createTopic(brokers(), { partitions: 4 });
    const producer = openProducer({ bootstrapServers: brokers(), metadataMaxAgeMs: 100, ...options });
    const growth = new Promise<PartitionGrowth>((resolve) => producer.once('partitionsGrown', resolve));
    const { partitions } = await producer.sendBatch(KEYS.map((key) => ({ topic, key, value: key })));
    expect([...partitions]).toEqual(partitionsWith(4));
    return { topic, producer, growth };
  }

  it('gets keys in all of them, with no record lost mid-stream', async () => {
    const { topic, producer, growth } = await growing({});
    let sent = KEYS.length;
    let grown = false;
    const seen = new Set<number>();
    const sending = (async () => {
      while (!grown) {
        const result = await producer.sendBatch(KEYS.map((key) => ({ topic, key, value: key })));
        sent += KEYS.length;
        for (const partition of result.partitions) seen.add(partition);
        await producer.send({ topic, value: 'no key' });
        sent++;
      }
    })();
    await growTopic(brokers(), topic, 8);
    expect(await growth).toEqual({ topic, from: 4, to: 8, action: 'adopt' });
    grown = true;
    await sending;
    const { partitions } = await producer.sendBatch(KEYS.map((key) => ({ topic, key, value: key })));
    expect([...partitions]).toEqual(partitionsWith(8));
    expect(await readBack(brokers(), topic)).toHaveLength(sent + KEYS.length);
  });

  it("keeps each key where it was with onPartitionGrowth: 'freeze'", async () => {
    const { topic, producer, growth } = await growing({ onPartitionGrowth: 'freeze' });
    await growTopic(brokers(), topic, 8);
    expect(await growth).toEqual({ topic, from: 4, to: 8, action: 'freeze' });
    const { partitions } = await producer.sendBatch(KEYS.map((key) => ({ topic, key })));
    expect([...partitions]).toEqual(partitionsWith(4));
    const keyless = await producer.sendBatch(KEYS.map(() => ({ topic })));
    expect(Math.max(...keyless.partitions)).toBe(3);
    // Who names a new partition gets it.
    await expect
      .poll(() => producer.send({ topic, partition: 7 }).catch(() => undefined))
      .toMatchObject({
        partition: 7,
      });
  });

  it("is told to custom partitioners only as it was, with 'freeze'", async () => {
    const counts = new Set<number>();
    const { topic, producer, growth } = await growing({
      onPartitionGrowth: 'freeze',
      partitioner: ({ keyBytes, partitionCount, availablePartitions }) => {
        counts.add(partitionCount).add(availablePartitions.length);
        return partitionForKey(keyBytes as Uint8Array, partitionCount);
      },
    });
    await growTopic(brokers(), topic, 8);
    await growth;
    await producer.sendBatch(KEYS.map((key) => ({ topic, key })));
    expect([...counts]).toEqual([4]);
  });

  it("refuses records that name no partition with 'fail', and takes the others", async () => {
    const { topic, producer, growth } = await growing({ onPartitionGrowth: 'fail' });
    await growTopic(brokers(), topic, 8);
    expect(await growth).toMatchObject({ action: 'fail' });
    const expected = {
      code: 'PARTITIONS_GREW',
      topic,
      message: expect.stringContaining('from 4 to 8 partitions'),
    };
    await expect(producer.send({ topic, key: 'k' })).rejects.toMatchObject(expected);
    await expect(
      producer.sendBatch([
        { topic, key: 'k' },
        { topic, partition: 1 },
      ]),
    ).rejects.toMatchObject({
      errors: [{ ...expected, index: 0 }],
      result: { deliveredCount: 1 },
    });
    expect(await producer.send({ topic, key: 'k', partition: 2 })).toMatchObject({ partition: 2 });
  });

  it.each<[string, Partial<ProducerOptions>]>([
    ['', {}],
    [
      ' by a partitioner of the caller’s',
      {
        partitioner: ({ keyBytes, partitionCount }) =>
          partitionForKey(keyBytes as Uint8Array, partitionCount),
      },
    ],
  ])(
    "refuses those that wait for the buffer, too, with 'fail', and keeps keys where they were%s",
    async (_, choice) => {
      const { topic, producer, growth } = await growing({
        onPartitionGrowth: 'fail',
        bufferMemory: 8192,
        lingerMs: 20,
        ...choice,
      });
      const places = new Map(KEYS.map((key, i) => [key, partitionsWith(4)[i]]));
      let moved = 0;
      let refused = 0;
      const sends = Array.from({ length: 10_000 }, async (_, i) => {
        const key = KEYS[i % KEYS.length];
        try {
          const { partition } = await producer.send({ topic, key, value: 'v' });
          if (partition !== places.get(key)) moved++;
        } catch (error) {
          expect(error).toMatchObject({ code: 'PARTITIONS_GREW' });
          refused++;
        }
      });
      await growTopic(brokers(), topic, 8);
      await growth;
      await Promise.all(sends);
      expect(moved).toBe(0);
      // Most of them had to wait.
      expect(refused).toBeGreaterThan(1000);
    },
  );

  it("refuses them in threads that come to the topic later, too, with 'fail'", async () => {
    const { topic, producer, growth } = await growing({ onPartitionGrowth: 'fail' });
    await growTopic(brokers(), topic, 8);
    await growth;
    const attached = Producer.attach(producer.share());
    onTestFinished(() => attached.close().then(() => {}));
    const refused = { code: 'PARTITIONS_GREW', message: expect.stringContaining('from 4 to 8 partitions') };
    await expect(attached.send({ topic, key: 'k' })).rejects.toMatchObject(refused);
    expect(await attached.send({ topic, key: 'k', partition: 7 })).toMatchObject({ partition: 7 });
    const lines = ['{"k":"a"}\n'];
    await expect(producer.ingest(lines, { topic, format: 'ndjson', key: 'k' })).rejects.toMatchObject(
      refused,
    );
  });

  it("is told as it was to custom partitioners of such threads, with 'freeze'", async () => {
    const { topic, producer, growth } = await growing({ onPartitionGrowth: 'freeze' });
    await growTopic(brokers(), topic, 8);
    await growth;
    const counts = new Set<number>();
    const attached = Producer.attach(producer.share(), {
      partitioner: ({ keyBytes, partitionCount, availablePartitions }) => {
        counts.add(partitionCount).add(availablePartitions.length);
        return partitionForKey(keyBytes as Uint8Array, partitionCount);
      },
    });
    onTestFinished(() => attached.close().then(() => {}));
    const { partitions } = await attached.sendBatch(KEYS.map((key) => ({ topic, key })));
    expect([...partitions]).toEqual(partitionsWith(4));
    expect([...counts]).toEqual([4]);
  });

  it('is no news to threads that adopt it from the beginning', async () => {
    const { topic, producer, growth } = await growing({});
    await growTopic(brokers(), topic, 8);
    await growth;
    const attached = Producer.attach(producer.share());
    onTestFinished(() => attached.close().then(() => {}));
    const told: PartitionGrowth[] = [];
    attached.on('partitionsGrown', (grown) => told.push(grown));
    const { partitions } = await attached.sendBatch(KEYS.map((key) => ({ topic, key })));
    expect([...partitions]).toEqual(partitionsWith(8));
    expect(told).toEqual([]);
  });

  it('goes on being looked up when the listener that was told throws', async () => {
    const { topic, producer } = await growing({});
    const other = await createTopic(brokers(), { partitions: 1 });
    const uncaught = await toldToProcess('uncaughtException', async () => {
      const told = new Promise<void>((resolve) => {
        producer.once('partitionsGrown', () => {
          resolve();
          throw new Error('not now');
        });
      });
      await growTopic(brokers(), topic, 8);
      await told;
      expect(await producer.send({ topic: other })).toMatchObject({ topic: other });
      const next = new Promise<PartitionGrowth>((resolve) => producer.once('partitionsGrown', resolve));
      await growTopic(brokers(), topic, 9);
      expect(await next).toMatchObject({ from: 8, to: 9 });
    });
    expect(uncaught).toMatchObject([{ message: 'not now' }]);
  });
});
