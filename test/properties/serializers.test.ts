// Serializers lose nothing, and their bytes are what others read: DataView for Java's numbers, avsc and protobuf-es
// for their formats. What is not of their type they refuse.
import { fromBinary } from '@bufbuild/protobuf';
import { StructSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BytesLike,
  bytesSerializer,
  doubleSerializer,
  floatSerializer,
  integerSerializer,
  jsonSerializer,
  longSerializer,
  type Serializer,
  shortSerializer,
  stringSerializer,
  uuidSerializer,
} from '../../src';
import { avroSerializer } from '../../src/serialize/avro';
import { protobufSerializer } from '../../src/serialize/protobuf';
import { readBack } from '../broker/read-back';
import { embeddedCluster } from './embedded';

function bytesOf<T>(serializer: Serializer<T>, data: T): Buffer {
  return Buffer.from(serializer.serialize('t', data, []) as string | Uint8Array);
}

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

describe('numbers in Java’s bytes', () => {
  const integer = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });

  it('short: 2 bytes, big-endian', () => {
    fc.assert(
      fc.property(integer(16), (n) => {
        const bytes = bytesOf(shortSerializer, n);
        expect([bytes.length, viewOf(bytes).getInt16(0)]).toEqual([2, n]);
      }),
    );
  });

  it('integer: 4 bytes, big-endian', () => {
    fc.assert(
      fc.property(integer(32), (n) => {
        const bytes = bytesOf(integerSerializer, n);
        expect([bytes.length, viewOf(bytes).getInt32(0)]).toEqual([4, n]);
      }),
    );
  });

  it('long: 8 bytes, big-endian, from bigints and from safe numbers', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger()),
        (n) => {
          const bytes = bytesOf(longSerializer, n);
          expect([bytes.length, viewOf(bytes).getBigInt64(0)]).toEqual([8, BigInt(n)]);
        },
      ),
    );
  });

  it('double and float: IEEE 754, big-endian, NaN and infinities too', () => {
    fc.assert(
      fc.property(fc.double(), (n) => {
        const bytes = bytesOf(doubleSerializer, n);
        expect([bytes.length, viewOf(bytes).getFloat64(0)]).toEqual([8, n]);
      }),
    );
    fc.assert(
      fc.property(fc.float(), (n) => {
        const bytes = bytesOf(floatSerializer, n);
        expect([bytes.length, viewOf(bytes).getFloat32(0)]).toEqual([4, n]);
      }),
    );
  });

  it('are refused when they do not fit, and so is everything that is no number', () => {
    const none = fc
      .anything()
      .filter((data) => !['number', 'bigint', 'undefined'].includes(typeof data) && data !== null);
    const outside = (bits: number) =>
      fc.oneof(
        fc.double().filter((n) => !Number.isInteger(n)),
        fc.constantFrom(2 ** (bits - 1), -(2 ** (bits - 1)) - 1),
        none,
      );
    const refuses = <T>(serializer: Serializer<T>, data: fc.Arbitrary<unknown>) =>
      fc.assert(
        fc.property(data, (one) => {
          expect(() => serializer.serialize('t', one as T, [])).toThrow(TypeError);
        }),
      );
    refuses(shortSerializer, outside(16));
    refuses(integerSerializer, outside(32));
    refuses(longSerializer, fc.oneof(none, fc.constantFrom(2n ** 63n, -(2n ** 63n) - 1n, 2 ** 53)));
    refuses(doubleSerializer, none);
    refuses(floatSerializer, fc.oneof(none, fc.bigInt()));
  });
});

describe('text and bytes', () => {
  it('text is UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(new TextDecoder().decode(bytesOf(stringSerializer, text))).toBe(text);
      }),
    );
  });

  it('JSON reads back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const read = JSON.parse(String(bytesOf(jsonSerializer, data)));
        expect(read).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });

  it('bytes are the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        expect(bytesOf(bytesSerializer, data)).toEqual(Buffer.from(data));
      }),
    );
  });

  it('UUIDs are their 36 characters in lower case, from text of any case and from 16 bytes', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const raw = Buffer.from(uuid.replaceAll('-', ''), 'hex');
        for (const form of [uuid, uuid.toUpperCase(), raw]) {
          expect(String(bytesOf(uuidSerializer, form))).toBe(uuid);
        }
      }),
    );
    const none = fc.oneof(
      fc.string().filter((text) => !/^[0-9a-f-]{36}$/i.test(text)),
      fc.uint8Array().filter(({ length }) => length !== 16),
      fc.integer(),
      fc.object(),
    );
    fc.assert(
      fc.property(none, (data) => {
        expect(() => uuidSerializer.serialize('t', data as string, [])).toThrow(TypeError);
      }),
    );
  });

  it.each([
    ['string', stringSerializer],
    ['bytes', bytesSerializer],
    ['integer', integerSerializer],
    ['long', longSerializer],
    ['double', doubleSerializer],
    ['uuid', uuidSerializer],
  ] as [string, Serializer<unknown>][])('%s leaves null and undefined null', (_, serializer) => {
    expect([
      serializer.serialize('t', null, []) ?? null,
      serializer.serialize('t', undefined, []) ?? null,
    ]).toEqual([null, null]);
  });
});

describe('Avro', () => {
  const SCHEMA = {
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'customer', type: ['null', 'string'] },
      { name: 'prices', type: { type: 'array', items: 'double' } },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'PAID'] } },
      { name: 'raw', type: 'bytes' },
    ],
  } as avsc.Schema;
  const order = fc.record({
    id: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    customer: fc.option(fc.string()),
    prices: fc.array(fc.double({ noNaN: true })),
    state: fc.constantFrom('OPEN', 'PAID'),
    raw: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  });

  // avsc's own long loses digits when it reads, too.
  const long = avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: () => expect.unreachable(),
    fromJSON: () => expect.unreachable(),
    toJSON: () => expect.unreachable(),
    isValid: () => expect.unreachable(),
    compare: () => expect.unreachable(),
  });

  it('is what avsc reads, with a registry’s header or without', () => {
    const type = avsc.Type.forSchema(SCHEMA, { registry: { long } });
    const plain = avroSerializer(SCHEMA);
    fc.assert(
      fc.property(order, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (data, schemaId) => {
        const expected = { ...data, id: BigInt(data.id) };
        expect({ ...type.fromBuffer(bytesOf(plain, data)) }).toEqual(expected);
        const framed = bytesOf(avroSerializer(SCHEMA, { schemaId }), data);
        expect([framed[0], framed.readUInt32BE(1)]).toEqual([0, schemaId]);
        expect({ ...type.fromBuffer(framed.subarray(5)) }).toEqual(expected);
      }),
    );
  });

  it('writes longs as zigzag varints, the largest as exactly as small ones', () => {
    const serializer = avroSerializer<number | bigint>('"long"');
    const hex = (n: number | bigint) => bytesOf(serializer, n).toString('hex');
    expect([0, -1, 1, -64, 64].map(hex)).toEqual(['00', '01', '02', '7f', '8001']);
    expect(hex(2n ** 63n - 1n)).toBe('feffffffffffffffff01');
    expect(hex(-(2n ** 63n))).toBe('ffffffffffffffffff01');
    expect(hex(-(2 ** 52) - 1)).toBe('8180808080808010');
  });

  it('refuses what the schema does not describe', () => {
    const wrong = fc.tuple(
      order,
      fc.constantFrom('id', 'prices', 'state', 'raw'),
      fc.constantFrom({}, true, 'x', null),
    );
    const serializer = avroSerializer(SCHEMA);
    fc.assert(
      fc.property(wrong, ([data, field, value]) => {
        expect(() => serializer.serialize('t', { ...data, [field]: value }, [])).toThrow(new RegExp(field));
      }),
    );
  });
});

describe('Protobuf', () => {
  it('is what protobuf-es reads', () => {
    const serializer = protobufSerializer(TimestampSchema);
    const timestamp = fc.record({
      seconds: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    });
    fc.assert(
      fc.property(timestamp, (data) => {
        expect(fromBinary(TimestampSchema, bytesOf(serializer, data))).toMatchObject(data);
      }),
    );
  });

  it('reads the same when it is nested', () => {
    const serializer = protobufSerializer(StructSchema);
    const text = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
    fc.assert(
      fc.property(
        text.filter((data) => !Object.keys(data).some((name) => name in Object.prototype)),
        (data) => {
          const fields = Object.fromEntries(
            Object.entries(data).map(([name, value]) => [
              name,
              { kind: { case: 'stringValue' as const, value } },
            ]),
          );
          const read = fromBinary(StructSchema, bytesOf(serializer, { fields }));
          const values = Object.entries(read.fields).map(([name, { kind }]) => [name, kind.value]);
          expect(values.sort()).toEqual(Object.entries(data).sort());
        },
      ),
    );
  });
});

describe('a producer with serializers', () => {
  const cluster = embeddedCluster();

  it('delivers their bytes in the order of the calls, however long each of them takes', async () => {
    const delays = fc.array(fc.option(fc.integer({ min: 0, max: 8 })), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(delays, fc.boolean(), async (waits, inBatch) => {
        const topic = cluster.newTopic(1);
        const valueSerializer: Serializer<number> = {
          serialize(_topic, n): BytesLike | Promise<BytesLike> {
            const wait = waits[n];
            if (wait === null) return String(n);
            return new Promise((resolve) => setTimeout(() => resolve(String(n)), wait));
          },
        };
        const options = { keySerializer: integerSerializer, valueSerializer };
        await cluster.withProducer(options, async (producer) => {
          const records = waits.map((_, n) => ({ topic, key: n, value: n }));
          if (inBatch) await producer.sendBatch(records);
          else await Promise.all(records.map((record) => producer.send(record)));
        });
        const read = await readBack(cluster.brokers, topic);
        expect(read.map(({ key, value }) => [key?.readInt32BE(0), Number(value)])).toEqual(
          waits.map((_, n) => [n, n]),
        );
      }),
      { numRuns: 10 },
    );
  });
});
