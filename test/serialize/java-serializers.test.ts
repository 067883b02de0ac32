// Numbers and UUIDs in Java's bytes.
import { describe, expect, it } from 'vitest';
import {
  doubleSerializer,
  floatSerializer,
  integerSerializer,
  longSerializer,
  type Serializer,
  shortSerializer,
  uuidSerializer,
} from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const hex = <T>(serializer: Serializer<T>, data: unknown): string | null => {
  const bytes = serializer.serialize('t', data as T, []) as Uint8Array | string | null;
  return bytes === null ? null : Buffer.from(bytes as string).toString('hex');
};

// What java.nio.ByteBuffer and org.apache.kafka.common.serialization write for these.
describe.each([
  [
    'shortSerializer',
    shortSerializer,
    [
      [0, '0000'],
      [-1, 'ffff'],
      [32767, '7fff'],
      [-32768, '8000'],
    ],
    [32768, -32769, 1.5, '1', 1n],
  ],
  [
    'integerSerializer',
    integerSerializer,
    [
      [0, '00000000'],
      [1, '00000001'],
      [-2, 'fffffffe'],
      [2147483647, '7fffffff'],
      [-2147483648, '80000000'],
    ],
    [2147483648, -2147483649, 0.1, Number.NaN, '1', 1n],
  ],
  [
    'longSerializer',
    longSerializer,
    [
      [0, '0000000000000000'],
      [-1, 'ffffffffffffffff'],
      [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
      [2n ** 63n - 1n, '7fffffffffffffff'],
      [-(2n ** 63n), '8000000000000000'],
    ],
    [2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, 1.5, '1'],
  ],
  [
    'floatSerializer',
    floatSerializer,
    [
      [0, '00000000'],
      [1.5, '3fc00000'],
      [Number.NEGATIVE_INFINITY, 'ff800000'],
      [Number.NaN, '7fc00000'],
      [Math.log(-1), '7fc00000'],
    ],
    ['1', 1n],
  ],
  [
    'doubleSerializer',
    doubleSerializer,
    [
      [-0, '8000000000000000'],
      [Math.PI, '400921fb54442d18'],
      [Number.POSITIVE_INFINITY, '7ff0000000000000'],
      [Number.NaN, '7ff8000000000000'],
      [Math.log(-1), '7ff8000000000000'],
    ],
    ['1', 1n, {}],
  ],
  [
    'uuidSerializer',
    uuidSerializer,
    [
      [
        '123E4567-e89b-12d3-a456-426614174000',
        Buffer.from('123e4567-e89b-12d3-a456-426614174000').toString('hex'),
      ],
      [
        Buffer.from('123e4567e89b12d3a456426614174000', 'hex'),
        Buffer.from('123e4567-e89b-12d3-a456-426614174000').toString('hex'),
      ],
    ],
    ['', '123e4567e89b12d3a456426614174000', Buffer.alloc(15), 5],
  ],
] as [string, Serializer<unknown>, [unknown, string][], unknown[]][])(
  '%s',
  (_name, serializer, good, bad) => {
    it.each(good)('writes %s as Java does', (data, expected) => {
      expect(hex(serializer, data)).toBe(expected);
    });

    it.each(bad.map((data) => [data]))('refuses %s', (data) => {
      expect(() => serializer.serialize('t', data, [])).toThrow(/^expected .*, got /);
    });

    it('keeps null and undefined null', () => {
      expect([null, undefined].map((data) => hex(serializer, data))).toEqual([null, null]);
    });
  },
);

describeOnEachCluster('numbers', (cluster) => {
  it('arrive as they were written', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      keySerializer: integerSerializer,
      valueSerializer: longSerializer,
    });
    await producer.send({ topic, key: 258, value: 2n ** 40n });
    const error: Error = await producer.send({ topic, key: 1.5, value: 1 }).then(
      () => expect.fail('it must have been refused'),
      (reason) => reason,
    );
    expect(error).toMatchObject({ code: 'SERIALIZATION_FAILED', topic });
    expect(error.message).toContain('the key serializer failed: expected an integer from');
    const [{ key, value }] = await readBack(cluster.brokers, topic);
    expect([key?.readInt32BE(), value?.readBigInt64BE()]).toEqual([258, 2n ** 40n]);
  });
});
