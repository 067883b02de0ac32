import { describe, expect, it } from 'vitest';
import { ConfigError, murmur2, murmur2Batch, type ProducerRecord, partitionForKey } from '../../src';
import { forEachRecord } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import vectors from './murmur2-vectors.json';

const PARTITION_COUNTS = vectors.partitionCounts;
const VECTORS = (vectors.vectors as [hex: string, hash: number, partitions: number[]][]).map(
  ([hex, hash, partitions]) => ({ hex, key: Buffer.from(hex, 'hex'), hash, partitions }),
);

describe('murmur2', () => {
  it('gives every key the hash that the Java client gives it', () => {
    expect(VECTORS.length).toBeGreaterThan(2000);
    expect(VECTORS.map(({ hex, key }) => [hex, murmur2(key)])).toEqual(
      VECTORS.map(({ hex, hash }) => [hex, hash]),
    );
  });

  it.each(PARTITION_COUNTS.map((count, i) => ({ count, i })))(
    'gives every key the partition that the Java client gives it, of $count',
    ({ count, i }) => {
      expect(VECTORS.map(({ hex, key }) => [hex, partitionForKey(key, count)])).toEqual(
        VECTORS.map(({ hex, partitions }) => [hex, partitions[i]]),
      );
    },
  );

  it('hashes only the bytes of the view it is given', () => {
    const whole = Buffer.concat([Buffer.from('xx'), Buffer.from('user-42'), Buffer.from('yy')]);
    const view = new Uint8Array(whole.buffer, whole.byteOffset + 2, 7);
    expect(murmur2(view)).toBe(murmur2(Buffer.from('user-42')));
  });

  it.each([['user-42'], [undefined], [null], [42], [[1, 2]]])('refuses %o, which is no Uint8Array', (key) => {
    expect(() => murmur2(key as never)).toThrow(/^murmur2: key must be a Uint8Array, got /);
  });

  it('hashes many keys at once as it does one by one, empty ones among them', () => {
    const keys = [...VECTORS.map(({ key }) => key), Buffer.alloc(0), Buffer.from('last')];
    let end = 0;
    const ends = Int32Array.from(keys, ({ length }) => {
      end += length;
      return end;
    });
    expect([...murmur2Batch(Buffer.concat(keys), ends)]).toEqual(keys.map((key) => murmur2(key)));
    expect([...murmur2Batch(new Uint8Array(0), new Int32Array(0))]).toEqual([]);
  });

  it.each([
    [[2, 1], 'murmur2Batch: ends[1] must be from 2 to 4, got 1'],
    [[2, 5], 'murmur2Batch: ends[1] must be from 2 to 4, got 5'],
    [[-1, 4], 'murmur2Batch: ends[0] must be from 0 to 4, got -1'],
  ])('refuses ends %j of 4 bytes', (ends, message) => {
    expect(() => murmur2Batch(Buffer.from('four'), Int32Array.from(ends))).toThrow(new ConfigError(message));
  });

  it('refuses other arrays than those it names', () => {
    expect(() => murmur2Batch('four' as never, Int32Array.of(4))).toThrow('bytes must be a Uint8Array, got');
    expect(() => murmur2Batch(Buffer.from('four'), [4] as never)).toThrow('ends must be an Int32Array, got');
  });

  it.each([[0], [-1], [1.5], [Number.NaN], ['3']])('refuses a partition count of %o', (count) => {
    expect(() => partitionForKey(Buffer.from('a'), count as number)).toThrow(
      /^partitionForKey: partitionCount must be an integer from 1 to 2147483647, got /,
    );
  });
});

describeOnEachCluster('keyed records', (cluster) => {
  it.each(PARTITION_COUNTS.map((count, i) => ({ count, i })).filter(({ count }) => count <= 100))(
    'land in the partition that the Java client gives their key, of $count',
    async ({ count, i }) => {
      const topic = await cluster.createTopic(count);
      const producer = openProducer({ bootstrapServers: cluster.brokers });
      const records: ProducerRecord[] = VECTORS.map(({ hex, key }) => ({
        topic,
        // Text where that says the same bytes.
        key: Buffer.from(key.toString()).equals(key) ? key.toString() : key,
        value: hex,
      }));
      const half = records.length / 2;
      const batch = await producer.sendBatch(records.slice(0, half));
      const singles = await Promise.all(records.slice(half).map((record) => producer.send(record)));
      const answered = [...batch.partitions, ...singles.map(({ partition }) => partition)];
      const expected = VECTORS.map(({ partitions }) => partitions[i]);
      expect(answered).toEqual(expected);

      const partitionOf = new Map(VECTORS.map(({ hex, partitions }) => [hex, partitions[i]]));
      const misplaced: string[] = [];
      const stored = await forEachRecord(cluster.brokers, topic, ({ partition, value }) => {
        if (partitionOf.get(String(value)) !== partition) misplaced.push(String(value));
      });
      expect(misplaced).toEqual([]);
      expect(stored).toBe(VECTORS.length);
    },
  );
});
