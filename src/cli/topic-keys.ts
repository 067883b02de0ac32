// The keys of a topic's newest records, read by node-rdkafka's consumer without joining a group or committing.
import { KafkaConsumer, type LibrdKafkaError, type Message } from 'node-rdkafka';
import { UsageError } from './exit';
import { KeyCounts } from './key-counts';

const CALL_TIMEOUT_MS = 10_000;
/** How long a call to `consume` holds a thread of libuv's pool. */
const POLL_MS = 200;
const POLL_RECORDS = 5_000;
const NO_PROGRESS_MS = 30_000;

export interface TopicSource {
  brokers: string;
  topic: string;
  /** At most this many records, the newest of each partition in proportion to what it holds. */
  sample: number;
  /** librdkafka's properties for reaching the brokers. */
  properties: Record<string, string>;
}

export interface TopicKeys {
  /** The topic's partition count. */
  partitions: number;
  keys: KeyCounts;
  /** Records read, with and without key. */
  records: number;
  keylessRecords: number;
  /** Records read, by partition. */
  loads: number[];
  /** Of the records with a key, where `isPlaced` said no. */
  elsewhere: number;
}

/** Where a partition's sample begins, and the offset after its last record. */
interface Range {
  partition: number;
  offset: number;
  end: number;
}

/** @throws UsageError for a topic that is not there, Error when the brokers cannot be reached or fall silent. */
export async function readTopicKeys(
  source: TopicSource,
  isPlaced: (key: Buffer, partition: number, partitionCount: number) => boolean,
): Promise<TopicKeys> {
  const consumer = new KafkaConsumer(
    {
      'client.id': 'millrace-cli',
      'enable.auto.commit': false,
      'enable.partition.eof': true,
      'queued.max.messages.kbytes': 16_384,
      ...source.properties,
      'bootstrap.servers': source.brokers,
      // librdkafka asks for one; without subscription and commits no broker hears of it.
      'group.id': 'millrace-cli',
    },
    {},
  );
  try {
    const partitions = await connect(consumer, source);
    const ranges = await sampleRanges(consumer, source, partitions);
    return await readRanges(consumer, source.topic, partitions, ranges, isPlaced);
  } finally {
    await new Promise((resolve) => consumer.disconnect(resolve));
  }
}

/** Returns the topic's partition count. */
async function connect(consumer: KafkaConsumer, { brokers, topic }: TopicSource): Promise<number> {
  const { topics } = await new Promise<{ topics: { name: string; partitions: unknown[] }[] }>(
    (resolve, reject) => {
      consumer.connect({ topic, timeout: CALL_TIMEOUT_MS }, (error, metadata) => {
        if (error) reject(new Error(`no broker at ${brokers} answered: ${error.message}`));
        else resolve(metadata);
      });
    },
  );
  const partitions = topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
  if (partitions === 0) throw new UsageError(`there is no topic ${topic}`);
  return partitions;
}

async function sampleRanges(
  consumer: KafkaConsumer,
  { topic, sample }: TopicSource,
  partitions: number,
): Promise<Range[]> {
  const held = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => watermarks(consumer, topic, partition)),
  );
  const total = held.reduce((sum, { lowOffset, highOffset }) => sum + highOffset - lowOffset, 0);
  const taken = Math.min(sample, total);
  let before = 0;
  return held.flatMap(({ lowOffset, highOffset }, partition) => {
    // The differences of rounded running totals add up to the sample.
    const first = Math.floor((taken * before) / Math.max(1, total));
    before += highOffset - lowOffset;
    const share = Math.floor((taken * before) / Math.max(1, total)) - first;
    return share === 0 ? [] : [{ partition, offset: highOffset - share, end: highOffset }];
  });
}

function watermarks(
  consumer: KafkaConsumer,
  topic: string,
  partition: number,
): Promise<{ lowOffset: number; highOffset: number }> {
  return new Promise((resolve, reject) => {
    consumer.queryWatermarkOffsets(topic, partition, CALL_TIMEOUT_MS, (error, offsets) => {
      if (error) reject(new Error(`cannot learn the offsets of ${topic}/${partition}: ${error.message}`));
      else resolve(offsets);
    });
  });
}

async function readRanges(
  consumer: KafkaConsumer,
  topic: string,
  partitions: number,
  ranges: readonly Range[],
  isPlaced: (key: Buffer, partition: number, partitionCount: number) => boolean,
): Promise<TopicKeys> {
  const keys = new KeyCounts();
  const read = { records: 0, keylessRecords: 0, elsewhere: 0 };
  const loads = new Array<number>(partitions).fill(0);
  const ends = new Map(ranges.map(({ partition, end }) => [partition, end]));
  const take = ({ key, partition, offset }: Message) => {
    const end = ends.get(partition);
    if (end === undefined) return;
    if (offset >= end - 1) ends.delete(partition);
    if (offset >= end) return;
    read.records++;
    loads[partition]++;
    if (key === null || key === undefined) {
      read.keylessRecords++;
      return;
    }
    const bytes = Buffer.from(key);
    keys.add(bytes.toString('latin1'));
    if (!isPlaced(bytes, partition, partitions)) read.elsewhere++;
  };
  // Events, not consume's list: in them a partition's end has its place among the records. It may come without the
  // last offsets, because compaction and transactions leave gaps.
  consumer.on('data', take);
  consumer.on('partition.eof', ({ partition }) => void ends.delete(partition));
  consumer.setDefaultConsumeTimeout(POLL_MS);
  if (ranges.length > 0)
    consumer.assign(ranges.map(({ partition, offset }) => ({ topic, partition, offset })));
  let quietSince = performance.now();
  while (ends.size > 0) {
    const open = ends.size;
    const received = await consume(consumer);
    if (received > 0 || ends.size < open) quietSince = performance.now();
    else if (performance.now() - quietSince > NO_PROGRESS_MS) {
      throw new Error(`the brokers sent nothing of topic ${topic} for ${NO_PROGRESS_MS / 1000} s`);
    }
  }
  return { partitions, keys, loads, ...read };
}

/** Has the consumer emit what has come; returns how many records that was. */
function consume(consumer: KafkaConsumer): Promise<number> {
  return new Promise((resolve, reject) => {
    consumer.consume(POLL_RECORDS, (error: LibrdKafkaError, messages: Message[]) => {
      if (error) reject(new Error(`cannot read: ${error.message}`));
      else resolve(messages.length);
    });
  });
}
