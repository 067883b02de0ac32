// Serializers that answer with promises.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { BatchError, Serializer, SerializerHeaders } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

/** Takes a random time for each value; 'bad' is refused late, 'throws' at once, 'now ...' is there at once. */
const slow: Serializer<string> = {
  serialize: (_topic, value) => {
    if (value === 'throws') throw new Error('never');
    if (value.startsWith('now')) return value;
    return sleep(Math.random() * 20).then(() => {
      if (value === 'bad') throw new Error('too late');
      return `<${value}>`;
    });
  },
};

describeOnEachCluster('a serializer with promises', (cluster) => {
  it('keeps the order of calls within a topic, single sends and batches mixed', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers, valueSerializer: slow });
    const sent: Promise<unknown>[] = [];
    const expected: string[] = [];
    for (let i = 0; i < 100; i++) {
      const value = `${i % 3 === 0 ? 'now ' : ''}${i}`;
      if (i % 5 === 0) {
        sent.push(
          producer.sendBatch([
            { topic, value },
            { topic, value: `${value} again` },
          ]),
        );
        expected.push(value, `${value} again`);
      } else {
        sent.push(producer.send({ topic, value }));
        expected.push(value);
      }
    }
    await Promise.all(sent);
    const stored = (await readBack(cluster.brokers, topic)).map(({ value }) => `${value}`);
    expect(stored).toEqual(expected.map((value) => (value.startsWith('now') ? value : `<${value}>`)));
  });

  it('rejects alone the records it fails', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers, valueSerializer: slow });
    const values = ['now 1', 'a', 'bad', 'now 2', 'throws', 'b'];
    const error: BatchError = await producer.sendBatch(values.map((value) => ({ topic, value }))).then(
      () => expect.fail('some must have failed'),
      (reason) => reason,
    );
    expect(error.errors.map(({ index, code, message }) => [index, code, message.split(': ').pop()])).toEqual([
      [2, 'SERIALIZATION_FAILED', 'too late'],
      [4, 'SERIALIZATION_FAILED', 'never'],
    ]);
    await expect(producer.send({ topic, value: 'bad' })).rejects.toMatchObject({
      code: 'SERIALIZATION_FAILED',
      topic,
      field: 'value',
      cause: expect.objectContaining({ message: 'too late' }),
    });
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map(({ value }) => `${value}`)).toEqual(['now 1', '<a>', 'now 2', '<b>']);
    expect(producer.metrics()).toMatchObject({ outstandingRecords: 0, bufferedBytes: 0 });
  });

  it('holds up nobody else’s topic', async () => {
    const [slowTopic, fast] = [await cluster.createTopic(1), await cluster.createTopic(1)];
    let release = () => {};
    const never: Serializer<string> = {
      serialize: (_topic, value) =>
        new Promise((resolve) => {
          release = () => resolve(value);
        }),
    };
    const producer = openProducer<string, string>({
      bootstrapServers: cluster.brokers,
      topics: { [slowTopic]: { valueSerializer: never } },
    });
    let settled = false;
    const held = producer.send({ topic: slowTopic, value: 'held' }).finally(() => {
      settled = true;
    });
    await producer.sendBatch([
      { topic: fast, value: 'a' },
      { topic: fast, value: 'b' },
    ]);
    await producer.send({ topic: fast, value: 'c' });
    expect(settled).toBe(false);
    release();
    expect(await held).toMatchObject({ topic: slowTopic });
  });

  it('is waited for by flush and by close', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers, valueSerializer: slow });
    producer.dispatchBatch([
      { topic, value: 'a' },
      { topic, value: 'b' },
    ]);
    await producer.flush();
    expect(producer.metrics().deliveredRecords).toBe(2);
    producer.dispatch({ topic, value: 'c' });
    expect(await producer.close()).toMatchObject({ accepted: 3, delivered: 3 });
  });

  it('may serialize the key, and both at once', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      keySerializer: slow,
      valueSerializer: slow,
    });
    await producer.send({ topic, key: 'k', value: 'v' });
    await expect(producer.send({ topic, key: 'bad', value: 'bad' })).rejects.toMatchObject({
      code: 'SERIALIZATION_FAILED',
    });
    await expect(producer.send({ topic, key: 'bad', value: 'throws' })).rejects.toMatchObject({
      code: 'SERIALIZATION_FAILED',
    });
    expect(await readBack(cluster.brokers, topic)).toMatchObject([
      { key: Buffer.from('<k>'), value: Buffer.from('<v>') },
    ]);
  });

  it('finds out what a serializer makes of the headers that cannot be produced', async () => {
    const topic = await cluster.createTopic(1);
    const spoil: Record<string, (headers: unknown[]) => void> = {
      'two letters': (headers) => headers.push('xy'),
      holes: (headers) => {
        headers.length = 3;
      },
      'half a pair': (headers) => headers.push(['a']),
      'a number': (headers) => headers.push(['a', 1]),
      null: (headers) => headers.push(null),
    };
    const kept: SerializerHeaders[] = [];
    const producer = openProducer<string, string>({
      bootstrapServers: cluster.brokers,
      valueSerializer: {
        serialize: (_topic, value, headers) => {
          const [when, what] = value.split(': ');
          if (when === 'at once') spoil[what]?.(headers);
          else
            return sleep(1)
              .then(() => spoil[what]?.(headers))
              .then(() => value);
          kept.push(headers);
          headers.push(['a', 'b']);
          return value;
        },
      },
    });
    for (const what of Object.keys(spoil)) {
      for (const when of ['at once', 'later']) {
        const refused = { code: 'INVALID_RECORD', topic, message: expect.stringContaining('header') };
        const record = { topic, value: `${when}: ${what}` };
        await expect(producer.send(record)).rejects.toMatchObject(refused);
        await expect(producer.sendBatch([record])).rejects.toMatchObject({ errors: [refused] });
      }
    }
    const sent = producer.send({ topic, value: 'at once: good' });
    // Whoever keeps the list changes nothing any more.
    const headers = kept.at(-1) as SerializerHeaders;
    Object.assign(headers[0], { 1: 1 });
    headers.push('xy' as never);
    await sent;
    expect((await readBack(cluster.brokers, topic)).map(({ headers }) => headers)).toEqual([
      [['a', Buffer.from('b')]],
    ]);
  });

  it('may add headers, which are checked as the caller’s are', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer<string, string>({
      bootstrapServers: cluster.brokers,
      valueSerializer: {
        serialize: (_topic, value, headers) => {
          headers.push(value === 'wrong' ? (['h', 1] as never) : ['content-type', 'text/plain']);
          return value;
        },
      },
    });
    const own = { a: '1' };
    await producer.sendBatch([
      { topic, value: 'x', headers: own },
      { topic, value: 'y' },
    ]);
    expect(own).toEqual({ a: '1' });
    await expect(producer.send({ topic, value: 'wrong' })).rejects.toMatchObject({ code: 'INVALID_RECORD' });
    expect((await readBack(cluster.brokers, topic)).map(({ headers }) => headers)).toEqual([
      [
        ['a', Buffer.from('1')],
        ['content-type', Buffer.from('text/plain')],
      ],
      [['content-type', Buffer.from('text/plain')]],
    ]);
  });
});
