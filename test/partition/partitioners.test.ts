// Who chooses a record's partition.
import { describe, expect, it } from 'vitest';
import { type BatchError, type PartitionRequest, type ProducerOptions, partitionForKey } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import { toldToProcess } from '../testing/uncaught';

const KEYS = Array.from({ length: 500 }, (_, i) => `key-${i}`);

describeOnEachCluster('partitioners', (cluster) => {
  async function partitionsOf(
    options: Partial<ProducerOptions>,
    keys: (string | null)[],
    partitions = 12,
  ): Promise<number[]> {
    const topic = await cluster.createTopic(partitions);
    const producer = openProducer({ bootstrapServers: cluster.brokers, ...options });
    const records = keys.map((key) => ({ topic, key, value: 'v' }));
    const chosen = [...(await producer.sendBatch(records)).partitions];
    const stored = await readBack(cluster.brokers, topic);
    for (const { partition, key } of stored) {
      expect(keys.some((one, i) => one === (key?.toString() ?? null) && chosen[i] === partition)).toBe(true);
    }
    return chosen;
  }
  const spread = (partitions: number[]) => new Set(partitions).size;

  it('murmur2 is where the Java client puts keys, and the default', async () => {
    const java = KEYS.map((key) => partitionForKey(Buffer.from(key), 12));
    expect(await partitionsOf({}, KEYS)).toEqual(java);
    expect(await partitionsOf({ partitioner: 'murmur2' }, KEYS)).toEqual(java);
  });

  it('consistent puts each key in its place, and records without one into the place of the empty key', async () => {
    const chosen = await partitionsOf({ partitioner: 'consistent' }, [...KEYS, '', null, null]);
    expect(await partitionsOf({ partitioner: 'consistent' }, KEYS)).toEqual(chosen.slice(0, 500));
    expect(spread(chosen.slice(500))).toBe(1);
    expect(spread(chosen)).toBe(12);
  });

  it('consistent_random spreads records whose key is empty or missing', async () => {
    const without = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? '' : null));
    const chosen = await partitionsOf({ partitioner: 'consistent_random' }, [...KEYS, ...without]);
    expect(chosen.slice(0, 500)).toEqual(await partitionsOf({ partitioner: 'consistent' }, KEYS));
    expect(spread(chosen.slice(500))).toBe(12);
  });

  it('fnv1a_random agrees with fnv1a on keys, the empty one included', async () => {
    const keys = [...KEYS, '', ''];
    const chosen = await partitionsOf({ partitioner: 'fnv1a_random' }, [
      ...keys,
      ...Array<null>(400).fill(null),
    ]);
    expect(chosen.slice(0, 502)).toEqual(await partitionsOf({ partitioner: 'fnv1a' }, keys));
    expect(spread(chosen.slice(502))).toBe(12);
    expect(spread(await partitionsOf({ partitioner: 'fnv1a' }, [null, null, null]))).toBe(1);
  });

  it('random ignores keys', async () => {
    expect(spread(await partitionsOf({ partitioner: 'random' }, Array<string>(400).fill('same')))).toBe(12);
  });

  it.each([1, 2, 11, 12, 13, 100, 1000])(
    'round-robin gives %i records without a key to partitions whose counts differ by 1 at most',
    async (count) => {
      const topic = await cluster.createTopic(12);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const counts = new Array<number>(12).fill(0);
      const half = Math.floor(count / 2);
      const records = Array.from({ length: count }, () => ({ topic, value: 'v' }));
      for (const partition of (await producer.sendBatch(records.slice(half))).partitions) counts[partition]++;
      for (const { partition } of await Promise.all(
        records.slice(0, half).map((record) => producer.send(record)),
      )) {
        counts[partition]++;
      }
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(counts.reduce((sum, one) => sum + one)).toBe(count);
    },
  );

  it('sticky keeps a hand-over together, and goes elsewhere with the next', async () => {
    const topic = await cluster.createTopic(12);
    const producer = openProducer({ bootstrapServers: cluster.brokers, keylessPartitioning: 'sticky' });
    const visited: number[] = [];
    for (let batch = 0; batch < 20; batch++) {
      const records = Array.from({ length: 200 }, () => ({ topic, value: 'x'.repeat(100) }));
      const { partitions } = await producer.sendBatch(records);
      expect(spread([...partitions])).toBe(1);
      visited.push(partitions[0]);
    }
    for (let i = 1; i < visited.length; i++) expect(visited[i]).not.toBe(visited[i - 1]);
    expect(spread(visited)).toBeGreaterThan(4);
  });

  it('sticky leaves a partition after batchSize bytes, and keys where they belong', async () => {
    const topic = await cluster.createTopic(12);
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      keylessPartitioning: 'sticky',
      batchSize: 20_000,
    });
    const records = Array.from({ length: 1000 }, (_, i) => ({
      topic,
      key: i % 10 === 0 ? 'key' : null,
      value: 'x'.repeat(100),
    }));
    const partitions = [...(await producer.sendBatch(records)).partitions];
    const keyless = partitions.filter((_, i) => i % 10 !== 0);
    const stays = keyless.filter((partition, i) => i > 0 && partition === keyless[i - 1]).length;
    expect(keyless.length - 1 - stays).toBe(4); // 90,000 bytes in pieces of 20,000
    expect(partitions[0]).toBe(partitionForKey(Buffer.from('key'), 12));
  });

  it('sticky for few bytes stays, so that single sends share batches', async () => {
    const topic = await cluster.createTopic(12);
    const producer = openProducer({ bootstrapServers: cluster.brokers, keylessPartitioning: 'sticky' });
    const places: number[] = [];
    for (let i = 0; i < 50; i++) places.push((await producer.send({ topic, value: 'small' })).partition);
    expect(spread(places)).toBe(1);
  });

  it('of the caller sees the record as given and as serialized', async () => {
    const topic = await cluster.createTopic(6);
    const seen: PartitionRequest<number, { to: number }>[] = [];
    const bytes: unknown[] = [];
    const producer = openProducer<number, { to: number }>({
      bootstrapServers: cluster.brokers,
      keySerializer: { serialize: (_topic, key) => `#${key}` },
      valueSerializer: { serialize: (_topic, value) => JSON.stringify(value) },
      partitioner: (request) => {
        seen.push(request);
        bytes.push([request.keyBytes, request.valueBytes]);
        return request.value.to;
      },
    });
    const batch = await producer.sendBatch([
      { topic, key: 1, value: { to: 5 }, headers: { a: 'b' } },
      { topic, key: 2, value: { to: 0 } },
      { topic, key: 3, value: { to: 1 }, partition: 4 },
    ]);
    const single = await producer.send({ topic, key: 4, value: { to: 3 } });
    expect([...batch.partitions, single.partition]).toEqual([5, 0, 4, 3]);
    expect(seen).toHaveLength(3); // an explicit partition needs no partitioner
    expect(seen[0]).toMatchObject({
      topic,
      key: 1,
      value: { to: 5 },
      headers: [['a', 'b']],
      partitionCount: 6,
      availablePartitions: [0, 1, 2, 3, 4, 5],
    });
    expect(bytes[0]).toEqual([Buffer.from('#1'), Buffer.from('{"to":5}')]);
  });

  it('of the caller is asked once a record, also of one that waits for the buffer', async () => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      bufferMemory: 4_096,
      partitioner: () => asked++ % 2,
    });
    let asked = 0;
    await producer.send({ topic });
    asked = 0;
    const value = 'x'.repeat(1_000);
    const sent = await Promise.all(Array.from({ length: 50 }, () => producer.send({ topic, value })));
    expect(asked).toBe(50);
    expect(sent.filter(({ partition }) => partition === 0)).toHaveLength(25);
  });

  it('of the caller may be an object, or a class of which one is made', async () => {
    const topic = await cluster.createTopic(6);
    let made = 0;
    class Alternating {
      #next = 0;
      constructor() {
        made++;
      }
      partition({ partitionCount }: PartitionRequest): number {
        return this.#next++ % partitionCount;
      }
    }
    for (const partitioner of [Alternating, new Alternating()]) {
      const producer = openProducer({ bootstrapServers: cluster.brokers, partitioner });
      const records = Array.from({ length: 8 }, () => ({ topic, key: 'same' }));
      expect([...(await producer.sendBatch(records)).partitions]).toEqual([0, 1, 2, 3, 4, 5, 0, 1]);
    }
    expect(made).toBe(2);
  });

  it('of the caller cannot change what it is told', async () => {
    const topic = await cluster.createTopic(3);
    const changes: ((request: PartitionRequest) => void)[] = [
      ({ headers }) => void (headers as [string, string][]).push(['routed-by', 'me']),
      ({ headers }) => {
        (headers as [string, string][])[0][1] = 'other';
      },
      ({ availablePartitions }) => void (availablePartitions as number[]).pop(),
    ];
    let change = changes[0];
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      partitioner: (request) => {
        change(request);
        return 0;
      },
    });
    for (change of changes) {
      for (const headers of [undefined, { h: 'v' }]) {
        await expect(producer.send({ topic, headers })).rejects.toMatchObject({ code: 'PARTITIONER_FAILED' });
      }
    }
    const others = openProducer({ bootstrapServers: cluster.brokers });
    await others.send({ topic, partition: 0 });
    expect((await readBack(cluster.brokers, topic)).map(({ headers }) => headers)).toEqual([[]]);
  });

  it('of the caller, when a class, is the same one for ingestions', async () => {
    const topic = await cluster.createTopic(6);
    class Next {
      #next = 0;
      partition(): number {
        return this.#next++;
      }
    }
    const producer = openProducer({ bootstrapServers: cluster.brokers, partitioner: Next });
    for (let i = 0; i < 2; i++) await producer.ingest(['a\nb\n'], { topic, format: 'lines' });
    expect((await producer.send({ topic })).partition).toBe(4);
  });

  it('of the caller whose promise is rejected fails the record, and is no unhandled rejection', async () => {
    const topic = await cluster.createTopic(1);
    const partitioner = (async () => {
      throw new Error('no promises');
    }) as never;
    const producer = openProducer({ bootstrapServers: cluster.brokers, partitioner });
    const unhandled = await toldToProcess('unhandledRejection', async () => {
      await expect(producer.send({ topic })).rejects.toMatchObject({ code: 'PARTITIONER_FAILED' });
      await expect(producer.sendBatch([{ topic }])).rejects.toMatchObject({ code: 'BATCH_FAILED' });
      await new Promise(setImmediate);
    });
    expect(unhandled).toEqual([]);
  });

  const boom = new Error('no idea');
  it.each([
    ['is too large', () => 6, 'from 0 to 5, got the number 6', undefined],
    ['is negative', () => -1, 'from 0 to 5, got the number -1', undefined],
    ['is no integer', () => 1.5, 'got the number 1.5', undefined],
    ['is NaN', () => Number.NaN, 'got the number NaN', undefined],
    ['is missing', () => undefined, 'got undefined', undefined],
    ['is a promise', async () => 1, 'got an object (Promise)', undefined],
    [
      'is an error',
      () => {
        throw boom;
      },
      'the partitioner failed: no idea',
      boom,
    ],
  ])('whose answer %s fails that record alone', async (_what, answer, message, cause) => {
    const topic = await cluster.createTopic(6);
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      partitioner: ({ key }) => (key === 'bad' ? (answer() as number) : 2),
    });
    const expected = { code: 'PARTITIONER_FAILED', topic, message: expect.stringContaining(message) };
    const reason: Error = await producer.send({ topic, key: 'bad' }).catch((error) => error);
    expect(reason.cause).toBe(cause);
    expect(reason).toMatchObject({ ...expected, index: 0 });
    const error: BatchError = await producer
      .sendBatch([
        { topic, key: 'good' },
        { topic, key: 'bad' },
        { topic, key: 'good' },
      ])
      .then(
        () => expect.fail('a record must have failed'),
        (reason) => reason,
      );
    expect(error.errors).toMatchObject([{ ...expected, index: 1 }]);
    expect([...error.result.partitions]).toEqual([2, -1, 2]);
  });

  it('and serializers may differ from topic to topic', async () => {
    const [here, there] = [await cluster.createTopic(6), await cluster.createTopic(6)];
    const producer = openProducer<string, string>({
      bootstrapServers: cluster.brokers,
      partitioner: () => 1,
      valueSerializer: { serialize: (_topic, value) => `common ${value}` },
      topics: {
        [there]: {
          partitioner: 'murmur2',
          valueSerializer: { serialize: (_topic, value) => `own ${value}` },
        },
      },
    });
    const keys = KEYS.slice(0, 20);
    const records = keys.flatMap((key) => [here, there].map((topic) => ({ topic, key, value: key })));
    const { partitions } = await producer.sendBatch(records);
    records.forEach(({ topic, key }, i) => {
      expect(partitions[i]).toBe(topic === here ? 1 : partitionForKey(Buffer.from(key), 6));
    });
    const values = async (topic: string) =>
      (await readBack(cluster.brokers, topic)).map(({ value }) => `${value}`).sort();
    expect(await values(here)).toEqual(keys.map((key) => `common ${key}`).sort());
    expect(await values(there)).toEqual(keys.map((key) => `own ${key}`).sort());
  });

  it('partitionsFor tells partitions, leaders and replicas', async () => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const partitions = await producer.partitionsFor(topic);
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    for (const { leader, replicas, isr } of partitions) {
      expect(replicas).toContain(leader);
      expect(isr).toContain(leader);
    }
    await expect(producer.partitionsFor('bad name')).rejects.toMatchObject({ code: 'INVALID_RECORD' });
    const late = openProducer({ bootstrapServers: 'localhost:1' });
    const asked = expect(late.partitionsFor(topic)).rejects.toThrow(
      `the partitions of topic ${topic} were not known before the producer closed`,
    );
    await late.close({ timeoutMs: 0 });
    await asked;
  });
});

describe('options of one topic', () => {
  it.each([
    [{ 'bad name': {} }, 'option topics: "bad name" is no topic\'s name'],
    [{ orders: 1 }, 'option topics.orders must be an object, got the number 1'],
    [{ orders: { lingerMs: 1 } }, 'unknown option topics.orders.lingerMs: a topic may have'],
    [{ orders: { keySerializer: 1 } }, 'option topics.orders.keySerializer must be an object with a method'],
    [{ orders: { keylessPartitioning: 'even' } }, 'option topics.orders.keylessPartitioning must be one of'],
  ])('%j are refused by name', (topics, message) => {
    expect(() => openProducer({ bootstrapServers: 'localhost:1', topics: topics as never })).toThrow(message);
  });

  it('are not read from a class without a method partition', () => {
    class Nothing {}
    class Misspelt {
      partitions(): number {
        return 0;
      }
    }
    for (const partitioner of [Nothing, Misspelt]) {
      const message =
        /must be one of .*or an object or class with a method partition\(request\), got a function/;
      const given = { partitioner: partitioner as never };
      expect(() => openProducer({ bootstrapServers: 'localhost:1', ...given })).toThrow(message);
      expect(() => openProducer({ bootstrapServers: 'localhost:1', topics: { orders: given } })).toThrow(
        message,
      );
    }
    class Inherited extends class {
      partition(): number {
        return 0;
      }
    } {}
    openProducer({ bootstrapServers: 'localhost:1', partitioner: Inherited });
  });

  it('are not read from a partitioner whose class cannot be made', () => {
    class Broken {
      constructor() {
        throw new Error('not today');
      }
      partition(): number {
        return 0;
      }
    }
    expect(() => openProducer({ bootstrapServers: 'localhost:1', partitioner: Broken })).toThrow(
      'option partitioner cannot be made: not today',
    );
    expect(() =>
      openProducer({ bootstrapServers: 'localhost:1', topics: { orders: { partitioner: Broken } } }),
    ).toThrow('option topics.orders.partitioner cannot be made: not today');
  });
});
