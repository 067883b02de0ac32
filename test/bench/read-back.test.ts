// A trial counts only if the broker holds what was sent: the checker must see whatever is wrong.
import type { Message } from 'node-rdkafka';
import { describe, expect, it } from 'vitest';
import { check } from '../../bench/read-back';
import {
  encoded,
  eventAt,
  headersAt,
  keyAt,
  orderTextAt,
  timestampAt,
  valueAt,
} from '../../bench/record-pool';
import { murmur2 } from '../../bench/stages/javascript-murmur2';
import { type Workload, workloads } from '../../bench/workloads';

const named = (wanted: string): Workload => workloads.find(({ name }) => name === wanted)!;

function stored(index: number, workload: Workload, given: Partial<Message> = {}): Message {
  const text = workload.value === 'json-to-avro' ? orderTextAt(index) : valueAt(index, workload.valueBytes);
  const isObject = workload.value === 'json' || workload.value === 'avro';
  const bytes = Buffer.from(encoded(isObject ? eventAt(index) : text, workload));
  return {
    topic: 'bench',
    partition: (murmur2(Buffer.from(keyAt(index))) & 0x7fffffff) % workload.partitions,
    offset: 7,
    key: Buffer.from(keyAt(index)),
    value: bytes,
    size: bytes.length,
    timestamp: timestampAt(index),
    headers: Object.entries(headersAt(index)).map(([name, text]) => ({ [name]: Buffer.from(text) })) as never,
    ...given,
  };
}

describe.each(['batch-100', 'batch-10', 'batch-100k', 'headers', 'json', 'avro', 'json-to-avro'])(
  '%s',
  (name) => {
    const workload = named(name);

    it('passes what was sent', () => {
      for (const index of [0, 41, 99_999]) {
        expect(() => check(stored(index, workload), workload, true)).not.toThrow();
      }
    });

    it('sees another record’s value, key or partition', () => {
      const { value, key, partition } = stored(42, workload);
      const expectFailure = (given: Partial<Message>, what: string) =>
        expect(() => check(stored(41, workload, given), workload, true)).toThrow(what);
      expectFailure({ value }, 'unexpected value');
      expectFailure({ key, partition }, 'unexpected value');
      expectFailure({ key: Buffer.from('user-41') }, 'unexpected key');
      expectFailure({ partition: workload.partitions }, 'belongs to partition');
    });
  },
);

it('sees headers and timestamps that are not those of the record', () => {
  const workload = named('headers');
  const other = stored(42, workload);
  expect(() => check(stored(41, workload, { headers: other.headers }), workload, true)).toThrow(
    'header trace',
  );
  expect(() => check(stored(41, workload, { headers: [] }), workload, true)).toThrow('header source');
  expect(() => check(stored(41, workload, { timestamp: other.timestamp }), workload, true)).toThrow(
    'timestamp',
  );
});

it('knows records without keys by their values', () => {
  const workload = named('keyless');
  expect(() => check(stored(41, workload, { key: null }), workload, false)).not.toThrow();
  expect(() => check(stored(41, workload), workload, false)).toThrow('unexpected key');
  const cut = Buffer.from(valueAt(41, 100).slice(0, 99));
  expect(() => check(stored(41, workload, { key: null, value: cut }), workload, false)).toThrow(
    'unexpected value',
  );
});
