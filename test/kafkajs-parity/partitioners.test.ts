// Which partition a message goes to.
import { expect, it } from 'vitest';
import type { Message, PartitionerArgs } from '../../src/kafkajs';
import { growTopic } from '../broker/topics';
import { installedKafkaJS } from './installed-kafkajs';
import { describeParity, rejection } from './libraries';

const KEYS: Message['key'][] = [
  ...Array.from({ length: 60 }, (_, i) => `key-${i}`),
  '',
  'a',
  'ab',
  'abc',
  'grüße',
  'ключ🔑',
  'a\0b',
  Buffer.from([0, 255, 128, 7]),
  Buffer.from([200]),
  Buffer.alloc(0),
];
const messages: Message[] = KEYS.map((key, i) => ({ key, value: `${i}` }));
const metadata = Array.from({ length: 5 }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 1,
  replicas: [1],
  isr: [1],
}));

describeParity('partitioners', ({ library, isMillrace, brokers, topic, connected, read }) => {
  /** Which partition each of `messages` is in. */
  const places = async (name: string) => {
    const places: number[] = [];
    for (const { partition, value } of await read(name)) places[Number(value)] = partition;
    return places;
  };
  const expected = (partitioner: 'DefaultPartitioner' | 'LegacyPartitioner') => {
    const choose = installedKafkaJS.Partitioners[partitioner]();
    return messages.map((message) => choose({ topic: 't', partitionMetadata: metadata, message }));
  };

  it.each([undefined, 'DefaultPartitioner', 'JavaCompatiblePartitioner'] as const)(
    'put keys where Java does: %s',
    async (name) => {
      const to = await topic({ partitions: 5 });
      const createPartitioner = name && library.Partitioners[name];
      const producer = await connected({ createPartitioner });
      await producer.send({ topic: to, messages });
      expect(await places(to)).toEqual(expected('DefaultPartitioner'));
    },
  );

  it('put keys where kafkajs did before 2.0: LegacyPartitioner', async () => {
    const to = await topic({ partitions: 5 });
    const producer = await connected({ createPartitioner: library.Partitioners.LegacyPartitioner });
    await producer.send({ topic: to, messages });
    expect(await places(to)).toEqual(expected('LegacyPartitioner'));
    expect(expected('LegacyPartitioner')).not.toEqual(expected('DefaultPartitioner'));
  });

  it.each(['DefaultPartitioner', 'LegacyPartitioner'] as const)('%s may be called by others', (name) => {
    const choose = library.Partitioners[name]();
    const of = (message: Message, partitionMetadata = metadata) =>
      choose({ topic: 't', partitionMetadata, message });
    expect(messages.map((message) => of(message))).toEqual(expected(name));
    expect(of({ value: 'v', key: 'k', partition: 4 })).toBe(4);
    const turns = Array.from({ length: 10 }, () => of({ value: 'v' }));
    expect([...new Set(turns.slice(0, 5))].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(turns.slice(5)).toEqual(turns.slice(0, 5));
    const leaderless = metadata.map((partition) => ({
      ...partition,
      leader: partition.partitionId === 3 ? 1 : -1,
    }));
    expect(of({ value: 'v' }, leaderless)).toBe(3);
  });

  it('spread messages without a key over all partitions', async () => {
    const to = await topic({ partitions: 3 });
    const producer = await connected();
    const results = await producer.send({
      topic: to,
      messages: Array.from({ length: 300 }, () => ({ value: 'v' })),
    });
    expect(results).toHaveLength(3);
    const counts = [0, 0, 0];
    for (const { partition } of await read(to)) counts[partition]++;
    expect(counts).toEqual([100, 100, 100]);
  });

  it('of the program’s own are told what kafkajs tells', async () => {
    const to = await topic({ partitions: 3 });
    const asked: PartitionerArgs[] = [];
    let made = 0;
    const producer = await connected({
      createPartitioner: () => {
        made++;
        return (args) => {
          asked.push(args);
          return Number(String(args.message.value)) % 3;
        };
      },
    });
    const own: (Message & { extra?: string })[] = [
      { value: '4', key: 'k', headers: { h: 'v' }, extra: 'mine' },
      { value: '2' },
      { value: '0', partition: 1 },
    ];
    const results = await producer.send({ topic: to, messages: own });
    expect(results.map(({ partition }) => partition).sort()).toEqual([0, 1, 2]);
    expect(made).toBe(1);
    expect(asked.map(({ topic }) => topic)).toEqual([to, to, to]);
    expect(asked.map(({ message }) => message)).toEqual(own);
    expect(asked[0].message).toBe(own[0]);
    expect(asked[0].partitionMetadata.map(({ partitionId }) => partitionId).sort()).toEqual([0, 1, 2]);
    const [partition] = asked[0].partitionMetadata;
    expect(partition).toMatchObject({
      partitionErrorCode: 0,
      leader: expect.any(Number),
      replicas: [partition.leader],
      isr: [partition.leader],
    });
    expect((await read(to)).map(({ partition, value }) => [partition, String(value)])).toEqual([
      [0, '0'],
      [1, '4'],
      [2, '2'],
    ]);
  });

  it('of the program’s own keep the order of concurrent sends', async () => {
    const to = await topic({ partitions: 2 });
    const producer = await connected({ createPartitioner: () => () => 1 });
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => producer.send({ topic: to, messages: [{ value: `${i}` }] })),
    );
    const stored = await read(to);
    expect(stored.every(({ partition }) => partition === 1)).toBe(true);
    if (isMillrace) expect(stored.map(({ value }) => Number(value))).toEqual([...Array(30).keys()]);
    else expect(stored).toHaveLength(30);
  });

  it('of the program’s own see partitions that were added, when their metadata is old enough', async () => {
    const to = await topic({ partitions: 1 });
    let known = 0;
    const producer = await connected({
      metadataMaxAge: 100,
      createPartitioner:
        () =>
        ({ partitionMetadata }) => {
          known = partitionMetadata.length;
          return 0;
        },
    });
    await producer.send({ topic: to, messages: [{ value: 'a' }] });
    expect(known).toBe(1);
    await growTopic(brokers().join(), to, 3);
    await expect
      .poll(async () => {
        await producer.send({ topic: to, messages: [{ value: 'b' }] });
        return known;
      })
      .toBe(3);
  });

  it('that throw reject the call with what they threw', async () => {
    const to = await topic();
    const producer = await connected({
      createPartitioner:
        () =>
        ({ message }) => {
          if (message.key === 'bad') throw new RangeError('no place');
          return 0;
        },
    });
    const error = await rejection(producer.send({ topic: to, messages: [{ key: 'bad', value: 'a' }] }));
    expect(error).toMatchObject({ message: 'no place' });
    await producer.send({ topic: to, messages: [{ key: 'good', value: 'b' }] });
    expect(await read(to)).toHaveLength(1);
  });
});
