// Whether the broker holds what a trial says it sent: end offsets of all partitions, contents of their tails.
import { isDeepStrictEqual } from 'node:util';
import { KafkaConsumer, type Message } from 'node-rdkafka';
import { orderType } from './orders';
import {
  eventAt,
  eventType,
  headersAt,
  keyAt,
  orderTextAt,
  POOL_RECORDS,
  timestampAt,
  topicsOf,
  valueAt,
} from './record-pool';
import { murmur2 } from './stages/javascript-murmur2';
import { adminOf } from './target-cluster';
import { isReady, type Workload } from './workloads';

/** Of each partition; fewer where there are many, so that the reading stays short. */
const TAIL_RECORDS = 20;
const RECORDS_READ = 2000;
/** Of many topics, as many are read; the others' end offsets are counted. */
const TOPICS_READ = 10;
const READ_TIMEOUT_MS = 30_000;
const OFFSETS_AT_ONCE = 50;

interface Tail {
  topic: string;
  partition: number;
  from: number;
  to: number;
}

/** Throws when a record is missing, is there twice, or is not what was sent. */
export async function readBack(
  brokers: string,
  topic: string,
  workload: Workload,
  sent: number,
  keysExpected: boolean,
): Promise<void> {
  const ranges = await offsetRanges(brokers, topicsOf(topic, workload));
  const held = ranges.reduce((sum, { to }) => sum + to, 0);
  if (held !== sent) throw new Error(`the broker holds ${held} records of ${sent}`);

  const read = new Set(topicsOf(topic, workload).slice(0, TOPICS_READ));
  const toRead = ranges.filter((range) => read.has(range.topic) && range.to > range.from);
  const length = Math.max(1, Math.min(TAIL_RECORDS, Math.floor(RECORDS_READ / toRead.length)));
  const tails = toRead.map((range) => ({ ...range, from: Math.max(range.from, range.to - length) }));
  await readTails(brokers, tails, (message) => check(message, workload, keysExpected));
}

/** Which offsets each partition holds. */
async function offsetRanges(brokers: string, topics: string[]): Promise<Tail[]> {
  const admin = await adminOf(brokers);
  const ranges: Tail[] = [];
  try {
    for (let i = 0; i < topics.length; i += OFFSETS_AT_ONCE) {
      const some = topics.slice(i, i + OFFSETS_AT_ONCE);
      const found = await Promise.all(some.map((topic) => admin.fetchTopicOffsets(topic)));
      for (const [at, partitions] of found.entries()) {
        for (const { partition, low, high } of partitions) {
          ranges.push({ topic: some[at]!, partition, from: Number(low), to: Number(high) });
        }
      }
    }
  } finally {
    await admin.disconnect();
  }
  return ranges;
}

/** @throws when the message is not the record that its key or value says it is */
export function check(message: Message, workload: Workload, keysExpected: boolean): void {
  const { key, value, partition, offset } = message;
  const fail = (what: string) => {
    throw new Error(`${message.topic} partition ${partition}, offset ${offset}: ${what}`);
  };
  let index: number;
  if (keysExpected) {
    index = Number(String(key).slice('user-'.length));
    if (!(index >= 0 && index < POOL_RECORDS) || String(key) !== keyAt(index)) fail(`unexpected key ${key}`);
    const expected = (murmur2(Buffer.from(String(key))) & 0x7fffffff) % workload.partitions;
    if (partition !== expected) fail(`key ${key} belongs to partition ${expected}`);
  } else {
    if (key && key.length > 0) fail(`unexpected key ${key}`);
    // Ten bytes and more hold the whole index.
    index = Number(String(value).slice(0, 6));
  }
  if (!hasValue(value ?? Buffer.alloc(0), index, workload)) fail('unexpected value');
  if (!workload.headers) return;
  const headers = Object.assign({}, ...(message.headers ?? []));
  for (const [name, text] of Object.entries(headersAt(index))) {
    if (String(headers[name]) !== text) fail(`header ${name} is ${headers[name]}`);
  }
  if (message.timestamp !== timestampAt(index)) fail(`timestamp ${message.timestamp}`);
}

function hasValue(value: Buffer, index: number, workload: Workload): boolean {
  if (isReady(workload)) return value.toString() === valueAt(index, workload.valueBytes);
  if (workload.value === 'json-to-avro')
    return JSON.stringify(orderType.fromBuffer(value)) === orderTextAt(index);
  const event = workload.value === 'json' ? JSON.parse(value.toString()) : eventType.fromBuffer(value);
  // avsc makes objects of a class of its own.
  return isDeepStrictEqual({ ...event }, eventAt(index));
}

/** Assigned partitions, no group: a group's join would cost seconds a trial. */
async function readTails(brokers: string, tails: Tail[], each: (message: Message) => void) {
  if (tails.length === 0) return;
  const consumer = new KafkaConsumer(
    {
      'metadata.broker.list': brokers,
      'group.id': 'bench-read-back',
      'enable.auto.commit': false,
      'fetch.message.max.bytes': 1024 * 1024,
    },
    {},
  );
  await new Promise<void>((resolve, reject) => {
    consumer.connect({}, (error) => (error ? reject(error) : resolve()));
  });
  try {
    consumer.assign(tails.map(({ topic, partition, from }) => ({ topic, partition, offset: from })));
    const ends = new Map(tails.map(({ topic, partition, to }) => [`${topic} ${partition}`, to]));
    const deadline = Date.now() + READ_TIMEOUT_MS;
    while (ends.size > 0) {
      for (const message of await consume(consumer)) {
        each(message);
        const place = `${message.topic} ${message.partition}`;
        if (message.offset + 1 >= (ends.get(place) ?? Infinity)) ends.delete(place);
      }
      if (Date.now() > deadline) throw new Error(`partitions ${[...ends.keys()]} could not be read back`);
    }
  } finally {
    await new Promise<void>((resolve) => {
      consumer.disconnect(() => resolve());
    });
  }
}

function consume(consumer: KafkaConsumer): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(100, (error, messages) => (error ? reject(error) : resolve(messages)));
  });
}
