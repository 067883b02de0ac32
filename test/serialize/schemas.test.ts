// Avro and Protobuf, read back by the packages that define them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type Struct, StructSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import avsc from 'avsc';
import { describe, expect, it, onTestFinished } from 'vitest';
import { avroSerializer } from '../../src/serialize/avro';
import { protobufSerializer } from '../../src/serialize/protobuf';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const ORDER: avsc.Schema = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: 'string' },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Line', fields: [{ name: 'sku', type: 'string' }] },
      },
    },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
};
const order = { id: 7, customer: 'Zoë', lines: [{ sku: 'a' }, { sku: 'b' }], note: null };
const type = avsc.Type.forSchema(ORDER);
const bytesOf = (bytes: unknown) => Buffer.from(bytes as Uint8Array);

describe('avroSerializer', () => {
  function inFile(text: string): string {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-avro-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'order.avsc');
    writeFileSync(file, text);
    return file;
  }

  it('takes a schema as an object, as text, from a file or as a type', () => {
    for (const schema of [ORDER, JSON.stringify(ORDER), inFile(JSON.stringify(ORDER)), type]) {
      expect(type.fromBuffer(bytesOf(avroSerializer(schema).serialize('t', order, [])))).toEqual(order);
    }
    expect(bytesOf(avroSerializer('string').serialize('t', 'a', [])).toString('hex')).toBe('0261');
  });

  it('puts the id of a schema registry before the bytes', () => {
    const bytes = bytesOf(avroSerializer(ORDER, { schemaId: 0x01020304 }).serialize('t', order, []));
    expect(bytes.subarray(0, 5).toString('hex')).toBe('0001020304');
    expect(type.fromBuffer(bytes.subarray(5))).toEqual(order);
  });

  it('keeps null Kafka’s null, unless the schema has one of its own', () => {
    expect(avroSerializer(ORDER).serialize('t', null, [])).toBeNull();
    expect(avroSerializer(ORDER).serialize('t', undefined, [])).toBeNull();
    expect(bytesOf(avroSerializer(['null', 'string']).serialize('t', null, [])).toString('hex')).toBe('00');
  });

  it('says which field is wrong', () => {
    const wrong = { ...order, lines: [{ sku: 'a' }, { sku: 5 }] };
    expect(() => avroSerializer(ORDER).serialize('t', wrong, [])).toThrow(
      'lines.1.sku must be of type string, got the number 5',
    );
    expect(() => avroSerializer(ORDER).serialize('t', 5, [])).toThrow(
      'the value must be of type Order, got the number 5',
    );
  });

  it.each([
    ['{ "type": ', 'the schema cannot be read'],
    ['{ "type": "nothing" }', 'nothing'],
    ['missing.avsc', 'no such file'],
  ])('refuses the schema %s', (schema, message) => {
    expect(() => avroSerializer(schema)).toThrow(message);
  });

  it('refuses what holds nothing in its properties, where it would write nothing', () => {
    const maps: avsc.Schema = { type: 'map', values: 'long' };
    const defaulted: avsc.Schema = {
      type: 'record',
      name: 'Defaulted',
      fields: [{ name: 'n', type: 'long', default: 0 }],
    };
    const nested: avsc.Schema = {
      type: 'record',
      name: 'Outer',
      fields: [{ name: 'inner', type: ['null', maps] }],
    };
    const serialize = (schema: avsc.Schema, data: unknown) => avroSerializer(schema).serialize('t', data, []);
    expect(() => serialize(maps, new Map([['a', 1]]))).toThrow(/the value must be an object with properties/);
    expect(() => serialize(defaulted, Promise.resolve({ n: 1 }))).toThrow(/the value must be an object/);
    expect(() => serialize(nested, { inner: new Set() })).toThrow(/inner must be an object with properties/);
    expect(bytesOf(serialize(maps, { a: 1 })).toString('hex')).toBe('0202610200');
    expect(bytesOf(serialize(nested, { inner: { a: 1 } })).toString('hex')).toBe('020202610200');
  });

  it('refuses an id that is none', () => {
    expect(() => avroSerializer('string', { schemaId: -1 })).toThrow(
      'schemaId must be an integer of 32 bits',
    );
  });
});

describe('a union of numbers, a long among them', () => {
  const longOrDouble: avsc.Schema = ['null', 'long', 'double'];
  const other = { type: 'record', name: 'Other', fields: [{ name: 'n', type: ['long', 'int'] }] };
  const nested = {
    type: 'record',
    name: 'org.Nested',
    fields: [
      { name: 'a', type: ['null', other] },
      { name: 'b', type: ['null', 'Other'] },
    ],
  } as avsc.Schema;

  it.each([
    [longOrDouble, { long: 5 }],
    [longOrDouble, { double: 5 }],
    [longOrDouble, null],
    [['null', 'long'] as avsc.Schema, 5],
    [['null', { type: 'long', logicalType: 'timestamp-millis' }, 'int'] as avsc.Schema, { int: 5 }],
    [nested, { a: { n: { int: 4 } }, b: { n: { long: 5 } } }],
    [nested, { a: null, b: null }],
  ])('writes as avsc does: %j %j', (schema, value) => {
    const written = bytesOf(avroSerializer<unknown>(schema).serialize('t', value, []));
    expect(written).toEqual(avsc.Type.forSchema(schema).toBuffer(value));
  });

  it('leaves unions to avsc that are logical, or whose long is the caller’s own', () => {
    class Upper extends avsc.types.LogicalType {
      override _toValue(value: unknown) {
        return String(value).toUpperCase();
      }
    }
    const logical = Object.assign(['null', 'string'], { logicalType: 'upper' }) as avsc.Schema;
    const parse = { logicalTypes: { upper: Upper } };
    expect(bytesOf(avroSerializer<unknown>(logical, { parse }).serialize('t', 'abc', []))).toEqual(
      avsc.Type.forSchema(logical, parse).toBuffer('abc'),
    );
    const own = avsc.types.LongType.__with({
      fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
      toBuffer: (n: bigint) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(n);
        return bytes;
      },
      fromJSON: BigInt,
      toJSON: Number,
      isValid: (n: unknown) => typeof n === 'bigint',
      compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
    });
    const options = { parse: { registry: { long: own as unknown as avsc.Type } } };
    const union: avsc.Schema = ['null', 'double', 'long'];
    const values = [5n, 1.5].map((value) =>
      bytesOf(avroSerializer<unknown>(union, options).serialize('t', value, [])).toString('hex'),
    );
    expect(values).toEqual(['040a', '02000000000000f83f']);
  });

  it('takes one schema object for several fields', () => {
    class Time extends avsc.types.LogicalType {
      override _toValue(date: Date) {
        return date.getTime();
      }
    }
    const time = { type: 'long', logicalType: 'time' };
    const fields = ['a', 'b', 'c'].map((name) => ({ name, type: time }));
    const schema = { type: 'record', name: 'Times', fields } as unknown as avsc.Schema;
    const serializer = avroSerializer<unknown>(schema, { parse: { logicalTypes: { time: Time } } });
    const date = new Date(5);
    expect(bytesOf(serializer.serialize('t', { a: date, b: date, c: date }, [])).toString('hex')).toBe(
      '0a0a0a',
    );
  });

  it('takes a bigint, and says which branches there are', () => {
    const serializer = avroSerializer<unknown>(longOrDouble);
    expect(bytesOf(serializer.serialize('t', { long: 5n }, [])).toString('hex')).toBe('020a');
    expect(() => serializer.serialize('t', 5, [])).toThrow(
      'the value must be of type null or { "long": … } or { "double": … }, got the number 5',
    );
  });
});

it('writes longs exactly wherever a schema has them', () => {
  const long = { type: 'long' } as const;
  const values: (number | bigint)[] = [Number.MAX_SAFE_INTEGER, -(2 ** 52) - 1, 2n ** 62n, -(2n ** 63n)];
  const plain = values.map((value) =>
    bytesOf(avroSerializer('long').serialize('t', value, [])).toString('hex'),
  );
  for (const schema of [long, { ...long, logicalType: 'timestamp-micros' }]) {
    const serializer = avroSerializer(schema);
    expect(values.map((value) => bytesOf(serializer.serialize('t', value, [])).toString('hex'))).toEqual(
      plain,
    );
  }
  const list = avroSerializer({ type: 'array', items: long }).serialize('t', [values[1]], []);
  expect(bytesOf(list).toString('hex')).toContain(plain[1]);
  class Time extends avsc.types.LogicalType {
    override _toValue(date: Date) {
      return date.getTime();
    }
  }
  const time = avroSerializer(
    { ...long, logicalType: 'time' },
    {
      parse: { logicalTypes: { time: Time } },
    },
  );
  const date = new Date(-(2 ** 52) - 1);
  const written = bytesOf(time.serialize('t', date, []));
  expect(written).toEqual(bytesOf(avroSerializer('long').serialize('t', date.getTime(), [])));
});

describe('protobufSerializer', () => {
  const serializer = protobufSerializer(TimestampSchema);

  it('takes messages and what makes one', () => {
    const bytes = serializer.serialize('t', { seconds: 300n, nanos: 5 }, []) as Uint8Array;
    expect(Buffer.from(bytes).toString('hex')).toBe('08ac021005');
    expect(serializer.serialize('t', fromBinary(TimestampSchema, bytes), [])).toEqual(bytes);
    expect([null, undefined].map((data) => serializer.serialize('t', data, []))).toEqual([null, null]);
  });

  it('refuses other messages and other values', () => {
    const other = fromBinary(StructSchema, new Uint8Array(0));
    expect(() => serializer.serialize('t', other as never, [])).toThrow(
      'expected a message google.protobuf.Timestamp, got an object (google.protobuf.Struct)',
    );
    for (const value of ['text', new Date(), Buffer.from('a'), [1], new Map()]) {
      expect(() => serializer.serialize('t', value as never, [])).toThrow('expected a message');
    }
    expect(() => serializer.serialize('t', { seconds: 'x' } as never, [])).toThrow();
  });
});

describeOnEachCluster('schemas', (cluster) => {
  it('serialize keys and values whose records fail alone', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      keySerializer: avroSerializer<number>('long'),
      valueSerializer: protobufSerializer(StructSchema),
    });
    const value = { fields: { n: { kind: { case: 'numberValue' as const, value: 4.5 } } } };
    const error = await producer
      .sendBatch([
        { topic, key: 1, value },
        { topic, key: 1.5, value },
        { topic, key: 3, value },
      ])
      .then(
        () => expect.fail('one must have failed'),
        (reason) => reason,
      );
    expect(error.errors).toMatchObject([{ index: 1, code: 'SERIALIZATION_FAILED', topic }]);
    const stored = await readBack(cluster.brokers, topic);
    expect(stored.map(({ key }) => avsc.Type.forSchema('long').fromBuffer(key as Buffer))).toEqual([1, 3]);
    for (const { value: bytes } of stored) {
      const read: Struct = fromBinary(StructSchema, bytes as Buffer);
      expect(read.fields.n.kind).toEqual({ case: 'numberValue', value: 4.5 });
    }
  });
});
