// Numbers and UUIDs in the bytes of org.apache.kafka.common.serialization: big-endian, and UUIDs as text. null and
// undefined stay null.
import { isBytes } from '../intake/record';
import { expected, type Serializer } from './serializer';

function fixed<T>(
  bytes: number,
  what: string,
  fits: (data: unknown) => boolean,
  write: (buffer: Buffer, data: T) => void,
): Serializer<T | null | undefined> {
  return {
    serialize: (_topic, data) => {
      if (data === null || data === undefined) return null;
      if (!fits(data)) throw expected(what, data);
      const buffer = Buffer.allocUnsafe(bytes);
      write(buffer, data);
      return buffer;
    },
  };
}

const isInteger = (bits: number) => (data: unknown) =>
  Number.isInteger(data) && (data as number) >= -(2 ** (bits - 1)) && (data as number) < 2 ** (bits - 1);
const isNumber = (data: unknown) => typeof data === 'number';

/** Java's ShortSerializer: 2 bytes. */
export const shortSerializer = fixed<number>(
  2,
  'an integer from -32768 to 32767',
  isInteger(16),
  (buffer, data) => buffer.writeInt16BE(data),
);

/** Java's IntegerSerializer: 4 bytes. */
export const integerSerializer = fixed<number>(
  4,
  'an integer from -2147483648 to 2147483647',
  isInteger(32),
  (buffer, data) => buffer.writeInt32BE(data),
);

/** Java's LongSerializer: 8 bytes. Numbers only as far as they are exact (Number.MAX_SAFE_INTEGER), bigints for the rest. */
export const longSerializer = fixed<number | bigint>(
  8,
  'a safe integer, or a bigint of 64 bits',
  (data) => Number.isSafeInteger(data) || (typeof data === 'bigint' && BigInt.asIntN(64, data) === data),
  (buffer, data) => buffer.writeBigInt64BE(BigInt(data)),
);

/** Java's FloatSerializer: 4 bytes; precision beyond is lost, as Java's cast loses it. Any NaN is Java's, of which there are many in memory. */
export const floatSerializer = fixed<number>(4, 'a number', isNumber, (buffer, data) =>
  Number.isNaN(data) ? buffer.writeUInt32BE(0x7fc00000) : buffer.writeFloatBE(data),
);

/** Java's DoubleSerializer: 8 bytes. Any NaN is Java's Double.NaN. */
export const doubleSerializer = fixed<number>(8, 'a number', isNumber, (buffer, data) =>
  Number.isNaN(data) ? buffer.writeBigUInt64BE(0x7ff8000000000000n) : buffer.writeDoubleBE(data),
);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Java's UUIDSerializer: the 36 characters of UUID.toString(), lower case. Takes text of any case, or the 16 bytes. */
export const uuidSerializer: Serializer<string | Uint8Array | null | undefined> = {
  serialize: (_topic, data) => {
    if (data === null || data === undefined) return null;
    const text = isBytes(data) ? dashed(data) : typeof data === 'string' ? data.toLowerCase() : '';
    if (!UUID.test(text)) throw expected('a UUID of 36 characters or 16 bytes', data);
    return text;
  },
};

function dashed(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
