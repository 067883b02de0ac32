// How keys and values become bytes, and when the caller's bytes may be used again.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bytesSerializer, jsonSerializer, type Serializer, stringSerializer } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

describe('the given serializers', () => {
  it('stringSerializer takes text, null and undefined', () => {
    expect(['', 'a', null, undefined].map((data) => stringSerializer.serialize('t', data, []))).toEqual([
      '',
      'a',
      null,
      undefined,
    ]);
    for (const data of [1, {}, Buffer.from('a')]) {
      expect(() => stringSerializer.serialize('t', data as never, [])).toThrow(TypeError);
    }
  });

  it('bytesSerializer takes bytes, null and undefined', () => {
    const bytes = Buffer.from('a');
    expect(bytesSerializer.serialize('t', bytes, [])).toBe(bytes);
    expect([null, undefined].map((data) => bytesSerializer.serialize('t', data, []))).toEqual([
      null,
      undefined,
    ]);
    for (const data of ['a', 1, [1], new ArrayBuffer(1)]) {
      expect(() => bytesSerializer.serialize('t', data as never, [])).toThrow(TypeError);
    }
  });

  it('jsonSerializer writes JSON; only undefined is Kafka’s null', () => {
    const texts = [{ a: [1, null] }, 'text', null, 0, undefined].map((data) =>
      jsonSerializer.serialize('t', data, []),
    );
    expect(texts).toEqual(['{"a":[1,null]}', '"text"', 'null', '0', undefined]);
    for (const data of [1n, () => 1, Symbol('s'), class {}, { toJSON() {} }]) {
      expect(() => jsonSerializer.serialize('t', data, [])).toThrow(TypeError);
    }
  });
});

describeOnEachCluster('serializers', (cluster) => {
  it('and records take bytes and dates of another realm', async () => {
    const topic = await cluster.createTopic(1);
    const bytes = runInNewContext('new Uint8Array([1, 2])');
    const timestamp = runInNewContext('new Date(7)');
    const plain = openProducer({ bootstrapServers: cluster.brokers });
    await plain.send({ topic, key: bytes, value: bytes, timestamp, headers: { h: bytes } });
    await plain.sendBatch([{ topic, value: bytes, timestamp }]);
    const serializing = openProducer({ bootstrapServers: cluster.brokers, valueSerializer: bytesSerializer });
    await serializing.send({ topic, value: bytes, timestamp });
    await plain.ingest([bytes], { topic, format: 'lines' });
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map(({ value }) => value)).toEqual(Array(4).fill(Buffer.from([1, 2])));
    expect(stored[0]).toMatchObject({ key: Buffer.from([1, 2]), headers: [['h', Buffer.from([1, 2])]] });
    expect(stored.slice(0, 3).map((record) => Number(record.timestamp))).toEqual([7, 7, 7]);
  });

  it('make the bytes of every key and value, told the topic', async () => {
    const topic = await cluster.createTopic(1);
    const keySerializer: Serializer<number> = {
      serialize: (of, id) => `${of === topic ? 'right' : 'wrong'} ${id}`,
    };
    const valueSerializer: Serializer<{ n: number } | undefined> = jsonSerializer;
    const producer = openProducer({ bootstrapServers: cluster.brokers, keySerializer, valueSerializer });
    await producer.send({ topic, key: 1, value: { n: 1 } });
    await producer.sendBatch([
      { topic, key: 2, value: { n: 2 }, headers: { h: 'headers are not serialized' } },
      { topic, key: 3, value: undefined },
      { topic, key: 4 },
    ]);
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map(({ key, value }) => [String(key), value && String(value)])).toEqual([
      ['right 1', '{"n":1}'],
      ['right 2', '{"n":2}'],
      ['right 3', null],
      ['right 4', null],
    ]);
    expect(String(stored[1].headers[0][1])).toBe('headers are not serialized');
  });

  it('decide the partition by the bytes they make of the key', async () => {
    const topic = await cluster.createTopic(7);
    const byNumber = openProducer<number>({
      bootstrapServers: cluster.brokers,
      keySerializer: { serialize: (_topic, id) => Buffer.from(`user-${id}`) },
    });
    const byText = openProducer({ bootstrapServers: cluster.brokers });
    const ids = Array.from({ length: 30 }, (_, i) => i);
    const numbers = await byNumber.sendBatch(ids.map((key) => ({ topic, key })));
    const texts = await byText.sendBatch(ids.map((id) => ({ topic, key: `user-${id}` })));
    expect([...numbers.partitions]).toEqual([...texts.partitions]);
  });

  it('may keep state and return one Buffer over and over', async () => {
    const topic = await cluster.createTopic(1);
    const scratch = Buffer.alloc(8);
    const valueSerializer: Serializer<number> = {
      serialize: (_topic, value) => {
        scratch.writeDoubleBE(value);
        return scratch;
      },
    };
    const producer = openProducer({ bootstrapServers: cluster.brokers, valueSerializer });
    const values = Array.from({ length: 300 }, (_, i) => i / 7);
    await producer.sendBatch(values.map((value) => ({ topic, value })));
    expect((await readBack(cluster.brokers, topic)).map(({ value }) => value?.readDoubleBE())).toEqual(
      values,
    );
  });
});

describeOnEachCluster('the caller’s buffers', (cluster) => {
  it('may be used again as soon as send has returned, when it had not to wait', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    await producer.send({ topic, value: 'makes the topic known' });
    const sizes = [3, 500, 5_000, 200_000];
    const sends = sizes.map((size, i) => {
      const value = Buffer.alloc(size, 97 + i);
      const sent = producer.send({
        topic,
        value,
        key: value.subarray(0, 3),
        headers: { h: value.subarray(0, 3) },
      });
      value.fill('!');
      return sent;
    });
    await Promise.all(sends);
    const stored = (await readBack(cluster.brokers, topic)).slice(1);
    for (const [i, { key, value, headers }] of stored.entries()) {
      const letter = String.fromCharCode(97 + i);
      expect(value?.equals(Buffer.alloc(sizes[i], letter))).toBe(true);
      expect([String(key), String(headers[0][1])]).toEqual([letter.repeat(3), letter.repeat(3)]);
    }
  });

  it('reject by themselves when they are transferred while they wait', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const transferred = new Uint8Array(10).fill(97);
    const outcomes = [
      producer.send({ topic, value: 'before' }),
      producer.send({ topic, value: transferred }).catch((error) => error),
      producer
        .sendBatch([
          { topic, value: 'a' },
          { topic, value: transferred },
          { topic, value: 'c' },
        ])
        .catch((e) => e),
      producer.send({ topic, value: 'behind' }),
    ] as const;
    // The topic is not known yet, so all of them wait.
    structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
    const [before, single, batch, behind] = await Promise.all(outcomes);
    expect([before.offset, behind.offset]).toEqual([0n, 3n]);
    expect(single).toMatchObject({ name: 'RecordError', code: 'INVALID_RECORD' });
    expect(batch.errors).toMatchObject([{ code: 'INVALID_RECORD', index: 1 }]);
    expect(batch.result.deliveredCount).toBe(2);
    expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0 });
  });
});
