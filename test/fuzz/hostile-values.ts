// Values that no honest caller gives: for records, their fields, and what holds them.
import fc from 'fast-check';

/** Made anew for each use: several of them change when they are looked at. */
type Make = () => unknown;

const HOSTILE = 'do not look';
const thrower: Make = () => {
  throw new Error(HOSTILE);
};

/** Whether this is what one of these values throws when it is looked at, or JavaScript because of it. */
export function isOfHostileValue(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.message === HOSTILE);
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(64);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
}

export function resizable(bytes: number, most: number): Resizable {
  // TypeScript's library for Node 20 does not know the option.
  return new (ArrayBuffer as unknown as new (n: number, o: object) => Resizable)(bytes, {
    maxByteLength: most,
  });
}

function shrunk(): Uint8Array {
  const buffer = resizable(64, 128);
  const bytes = new Uint8Array(buffer, 32, 32);
  buffer.resize(16);
  return bytes;
}

/** Its length grows each time somebody asks. */
function growing(): unknown {
  let length = 1;
  return new Proxy(new Uint8Array(4), {
    get: (target, name) => (name === 'length' ? length++ : Reflect.get(target, name)),
  });
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const STRANGE: readonly Make[] = [
  () => undefined,
  () => null,
  () => Number.NaN,
  () => -1,
  () => -2147483649,
  () => 2 ** 53,
  () => Number.POSITIVE_INFINITY,
  () => -0,
  () => 0.5,
  () => 10n ** 30n,
  () => -1n,
  () => true,
  () => Symbol('s'),
  () => () => 'f',
  () => new Date(Number.NaN),
  () => '\ud800',
  () => 'a\udc00b\ud800',
  () => '\0',
  () => 'x'.repeat(70_000),
  () => Object.create(null),
  () => JSON.parse('{"__proto__": {"topic": "x"}, "constructor": null, "toString": 1}'),
  () => ({ toString: thrower, [Symbol.toPrimitive]: thrower, valueOf: thrower }),
  () => ({
    get length() {
      return thrower();
    },
  }),
  () => new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower } as object),
  () => new Array(5),
  () => [[['a', 'b', 'c']]],
  () => new Map([['a', 'b']]),
  () => Promise.reject(new Error('later')).catch(() => undefined),
  () => new Uint8Array(new SharedArrayBuffer(16)),
  () => new Float64Array(4),
  () => new DataView(new ArrayBuffer(4)),
  () => new ArrayBuffer(8),
  () => new Uint8Array(resizable(16, 64)),
  () => Buffer.alloc(0),
  () => Object.setPrototypeOf({}, Uint8Array.prototype),
  detached,
  shrunk,
  growing,
  revoked,
];

/** A factory, with a name for the report of a failure. */
export const hostileValue: fc.Arbitrary<Make> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(STRANGE.length - 1).map((at) => named(STRANGE[at], `STRANGE[${at}]`)) },
  {
    weight: 1,
    arbitrary: fc.anything().map((value) => named(() => value, fc.stringify(value).slice(0, 200))),
  },
);

export const goodText: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 40 });

function named(make: Make, name: string): Make {
  return Object.assign(make.bind(null), { [fc.toStringMethod]: () => name });
}
