// Whether the broker holds what a trial says it sent: end offsets of all partitions, contents of their tails.
import { KafkaConsumer, type Message } from 'node-rdkafka';
import { keyAt, POOL_RECORDS, valueAt } from './record-pool';
import { murmur2 } from './stages/javascript-murmur2';
import { adminOf } from './target-cluster';
import type { Workload } from './workloads';

const TAIL_RECORDS = 20;
const READ_TIMEOUT_MS = 30_000;

interface Tail {
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
  const admin = await adminOf(brokers);
  const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  const held = offsets.reduce((sum, { high }) => sum + Number(high), 0);
  if (held !== sent) throw new Error(`the broker holds ${held} records of ${sent}`);

  const tails = offsets
    .map(({ partition, high, low }) => ({
      partition,
      from: Math.max(Number(low), Number(high) - TAIL_RECORDS),
      to: Number(high),
    }))
    .filter(({ from, to }) => to > from);
  await readTails(brokers, topic, tails, (message) => check(message, workload, keysExpected));
}

function check({ key, value, partition, offset }: Message, workload: Workload, keysExpected: boolean): void {
  const text = value?.toString() ?? '';
  const fail = (what: string) => {
    throw new Error(`partition ${partition}, offset ${offset}: ${what}`);
  };
  if (!keysExpected) {
    if (key && key.length > 0) fail(`unexpected key ${key}`);
    // Ten bytes and more hold the whole index.
    if (text !== valueAt(Number(text.slice(0, 6)), workload.valueBytes)) fail('unexpected value');
    return;
  }
  const index = Number(String(key).slice('user-'.length));
  if (!(index >= 0 && index < POOL_RECORDS) || String(key) !== keyAt(index)) fail(`unexpected key ${key}`);
  if (text !== valueAt(index, workload.valueBytes)) fail(`key ${key} has another key's value`);
  const expected = (murmur2(Buffer.from(String(key))) & 0x7fffffff) % workload.partitions;
  if (partition !== expected) fail(`key ${key} belongs to partition ${expected}`);
}

/** Assigned partitions, no group: a group's join would cost seconds a trial. */
async function readTails(brokers: string, topic: string, tails: Tail[], each: (message: Message) => void) {
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
    consumer.assign(tails.map(({ partition, from }) => ({ topic, partition, offset: from })));
    const ends = new Map(tails.map(({ partition, to }) => [partition, to]));
    const deadline = Date.now() + READ_TIMEOUT_MS;
    while (ends.size > 0) {
      for (const message of await consume(consumer)) {
        each(message);
        if (message.offset + 1 >= (ends.get(message.partition) ?? Infinity)) ends.delete(message.partition);
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
