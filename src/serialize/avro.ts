// `millrace/avro`: values in Avro's binary encoding, by the package `avsc` (an optional peer: `npm install avsc`).
import { readFileSync } from 'node:fs';
import avsc, { type ForSchemaOptions, type Schema, type Type } from 'avsc';
import { ConfigError, describeValue } from '../errors';
import type { Serializer } from './serializer';

export interface AvroOptions {
  /** An id in a schema registry: the bytes then begin with Confluent's header (0, and the id in 4 bytes). Default: none. */
  schemaId?: number | undefined;
  /** How avsc is to read the schema, such as its logical types. */
  parse?: Partial<ForSchemaOptions> | undefined;
}

/**
 * Takes the place of avsc's own long, whose encoder does sums with doubles: below -(2 ** 52) it writes another number. Takes
 * bigints too, for what numbers cannot hold.
 */
const EXACT_LONG = avsc.types.LongType.__with({
  isValid: (n: unknown) => Number.isSafeInteger(n) || (typeof n === 'bigint' && BigInt.asIntN(64, n) === n),
  toBuffer(n: number | bigint) {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(BigInt(n));
    return bytes;
  },
  fromBuffer(bytes: Buffer) {
    const n = bytes.readBigInt64LE();
    return BigInt(Number(n)) === n ? Number(n) : n;
  },
  fromJSON: (n: number) => n,
  toJSON: (n: number | bigint) => Number(n),
  compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/**
 * A serializer for one schema: an object, its JSON text, the path of a file (.avsc), or an avsc Type. null and undefined
 * stay null, Kafka's tombstone, unless the schema itself takes null. A long may be a number or a bigint; bytes are Buffers. An
 * avsc Type is used as it is: its longs are numbers only, which avsc writes wrongly below -(2 ** 52).
 * @throws ConfigError when the schema cannot be read
 */
export function avroSerializer<T = unknown>(
  schema: Schema | Type | string,
  { schemaId, parse }: AvroOptions = {},
): Serializer<T | null | undefined> {
  if (schemaId !== undefined && !(Number.isInteger(schemaId) && schemaId >= 0 && schemaId < 2 ** 32)) {
    throw new ConfigError(
      `avroSerializer: schemaId must be an integer of 32 bits, got ${describeValue(schemaId)}`,
    );
  }
  const type = readSchema(schema, parse);
  const takesNull = type.isValid(null);
  const looksForMaps = parse?.logicalTypes === undefined && mayBeEmpty(type, new Set());
  return {
    serialize: (_topic, data) => {
      if (data === undefined || (data === null && !takesNull)) return null;
      // avsc's own error names the path; its toBuffer alone would write some wrong values unnoticed.
      type.isValid(data, {
        errorHook: (path, value, expected) => {
          throw new TypeError(
            `${path.length === 0 ? 'the value' : path.join('.')} must be of type ${nameOf(expected)}, got ${describeValue(value)}`,
          );
        },
      });
      if (looksForMaps) refuseMaps(data);
      const bytes = type.toBuffer(data);
      if (schemaId === undefined) return bytes;
      const framed = Buffer.allocUnsafe(5 + bytes.length);
      framed[0] = 0;
      framed.writeUInt32BE(schemaId, 1);
      bytes.copy(framed, 5);
      return framed;
    },
  };
}

/** Whether it has a part that avsc takes any object for, one without properties too: a map, a record with defaults for all. */
function mayBeEmpty(type: Type, seen: Set<Type>): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  const { types } = avsc;
  if (type instanceof types.MapType) return true;
  if (type instanceof types.ArrayType) return mayBeEmpty(type.itemsType, seen);
  if (type instanceof types.RecordType) {
    const { fields } = type;
    if (fields.every((field) => field.defaultValue() !== undefined)) return true;
    return fields.some((field) => mayBeEmpty(field.type, seen));
  }
  const { types: branches = [] } = type as { types?: Type[] };
  return branches.some((branch) => mayBeEmpty(branch, seen));
}

/** What a Map, a Set or a promise holds is not in its properties: nothing of it would be written. @throws TypeError */
function refuseMaps(value: unknown): void {
  const found = mapIn(value);
  if (found === undefined) return;
  const where = found.path.length === 0 ? 'the value' : found.path.reverse().join('.');
  throw new TypeError(`${where} must be an object with properties, got ${describeValue(found.map)}`);
}

/** With the way to it, backwards. */
function mapIn(value: unknown): { map: object; path: string[] } | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
  if (value instanceof Map || value instanceof Set || value instanceof Promise)
    return { map: value, path: [] };
  for (const name of Object.keys(value)) {
    const found = mapIn((value as Record<string, unknown>)[name]);
    if (found === undefined) continue;
    found.path.push(name);
    return found;
  }
  return undefined;
}

/** avsc's own, beside the long. */
const NUMBERS: ReadonlySet<string> = new Set(['int', 'float', 'double']);

function nameOf(type: Type): string {
  const { name, typeName } = type;
  if (!typeName.startsWith('union:')) return name ?? typeName.replace('abstract:', '');
  const branches = (type as avsc.types.UnwrappedUnionType).types.map(nameOf);
  const isWrapped = typeName === 'union:wrapped';
  return branches
    .map((branch) => (isWrapped && branch !== 'null' ? `{ ${JSON.stringify(branch)}: … }` : branch))
    .join(' or ');
}

function readSchema(given: Schema | Type | string, parse?: Partial<ForSchemaOptions>): Type {
  if (avsc.Type.isType(given)) return given as Type;
  try {
    const text = typeof given === 'string' && given.endsWith('.avsc') ? readFileSync(given, 'utf8') : given;
    const schema = typeof text === 'string' && /^\s*[[{"]/.test(text) ? (JSON.parse(text) as Schema) : text;
    const registry = { long: EXACT_LONG, ...parse?.registry };
    return avsc.Type.forSchema(schema as Schema, { ...parse, registry, typeHook: exactLongs(parse) });
  } catch (cause) {
    throw new ConfigError(`avroSerializer: the schema cannot be read: ${(cause as Error).message}`, cause);
  }
}

/** Puts the exact long where a schema has `{ type: 'long' }`, which no registry is asked about, unless it is a logical type. */
function exactLongs({ typeHook, logicalTypes = {} }: Partial<ForSchemaOptions> = {}) {
  const logical = new WeakSet<object>();
  return (schema: Schema, options: ForSchemaOptions): Type | undefined => {
    const own = typeHook?.(schema, options);
    if (own !== undefined) return own;
    const { type, logicalType } = Object(schema) as { type?: unknown; logicalType?: string };
    if (Array.isArray(schema)) return logicalType === undefined ? unionOf(schema, options) : undefined;
    if (type !== 'long') return undefined;
    // avsc comes a second time, for what lies below the logical type.
    const isLogical = logicalType !== undefined && logicalType in logicalTypes;
    if (isLogical && !logical.delete(schema as object)) {
      logical.add(schema as object);
      return undefined;
    }
    return EXACT_LONG as unknown as Type;
  };
}

/**
 * avsc counts no type of ours among the numbers, so it would take a union of a long and another number for one whose values
 * tell their branch, as `5` does in ['null', 'long']: such values must be wrapped, `{ long: 5 }`.
 */
function unionOf(schema: readonly Schema[], options: ForSchemaOptions): Type {
  const branches = schema.map((branch) => avsc.Type.forSchema(branch, options));
  const hasOurs = branches.includes(EXACT_LONG as unknown as Type);
  const { wrapUnions = 'auto' } = options;
  const isAuto = String(wrapUnions).toLowerCase() === 'auto';
  const isAmbiguous = isAuto && hasOurs && branches.some(({ typeName }) => NUMBERS.has(typeName));
  return avsc.Type.forSchema(branches as unknown as Schema, {
    ...options,
    typeHook: undefined,
    wrapUnions: isAmbiguous ? 'always' : wrapUnions,
  });
}
