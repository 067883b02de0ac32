// What a producer holds on to: the heap over millions of records, and memory while a broker does not answer.
//
//   npm run bench:memory                  both, on a local real Kafka
//   npm run bench:memory -- --records N   a longer or shorter first part
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BatchError, Producer, type ProducerRecord } from 'millrace';
import { RealKafka } from '../test/broker/real-kafka';
import { createTopic, deleteTopic, endOffsets } from '../test/broker/topics';

const RECORDS_PER_CALL = 1000;
const CALLS_IN_FLIGHT = 20;

const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

async function collected(): Promise<NodeJS.MemoryUsage> {
  if (globalThis.gc === undefined) throw new Error('run node with --expose-gc');
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await pause(20);
  }
  return process.memoryUsage();
}

/** The heap after each twentieth of `records`, collected. */
async function heapOverRecords(brokers: string, records: number): Promise<void> {
  const topic = await createTopic(brokers, {
    partitions: 12,
    configs: { 'retention.bytes': '16777216', 'segment.bytes': '16777216' },
  });
  const producer = new Producer({ bootstrapServers: brokers });
  let made = 0;
  const batch = () =>
    Array.from({ length: RECORDS_PER_CALL }, (): ProducerRecord => {
      made++;
      return { topic, key: `user-${made % 100_000}`, value: `${made}`.padEnd(100, 'x') };
    });
  const send = async (count: number) => {
    let left = count;
    const caller = async () => {
      while (left > 0) {
        left -= RECORDS_PER_CALL;
        await producer.sendBatch(batch());
      }
    };
    await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, caller));
  };
  await send(records / 20);
  const heaps: number[] = [];
  for (let part = 0; part < 20; part++) {
    await send(records / 20);
    const { heapUsed, rss, external } = await collected();
    heaps.push(heapUsed);
    console.log(
      `${String(made).padStart(12)} records  heap ${megabytes(heapUsed)}  external ${megabytes(external)}  RSS ${megabytes(rss)} MB`,
    );
  }
  await producer.close();
  const stored = (await endOffsets(brokers, topic)).reduce((sum, offset) => sum + offset, 0n);
  const [least, most] = [Math.min(...heaps), Math.max(...heaps)];
  console.log(
    `heap between ${megabytes(least)} and ${megabytes(most)} MB: ± ${((most / least - 1) * 50).toFixed(1)} %`,
  );
  console.log(`sent ${made}, end offsets ${stored}\n`);
  await deleteTopic(brokers, topic);
}

/** 100 callers send while the broker is stopped: how far memory grows, and when the sends that wait are refused. */
async function stoppedBroker(kafka: RealKafka): Promise<void> {
  const bufferMemory = 32 * 2 ** 20;
  const maxBlockMs = 5000;
  const topic = await createTopic(kafka.bootstrapServers, { partitions: 12 });
  const producer = new Producer({ bootstrapServers: kafka.bootstrapServers, bufferMemory, maxBlockMs });
  const value = 'x'.repeat(1000);
  for (let i = 0; i < 100; i++)
    await producer.sendBatch(Array.from({ length: 1000 }, () => ({ topic, value })));
  const before = (await collected()).rss;
  await kafka.brokers[0].kill('SIGSTOP');
  let stopped = false;
  let peak = before;
  const waits: number[] = [];
  const caller = async () => {
    while (!stopped) {
      const started = performance.now();
      try {
        await producer.sendBatch(Array.from({ length: 400 }, () => ({ topic, value })));
      } catch (error) {
        const [first] = (error as BatchError).errors;
        if (first.code === 'BUFFER_TIMEOUT') waits.push(performance.now() - started);
      }
    }
  };
  const callers = Array.from({ length: 100 }, caller);
  for (let i = 0; i < 50; i++) {
    await pause(200);
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  stopped = true;
  const { bufferedBytes, waitingSends } = producer.metrics();
  await kafka.brokers[0].kill('SIGCONT');
  await Promise.all(callers);
  await producer.close();
  waits.sort((a, b) => a - b);
  console.log(`broker stopped, bufferMemory ${megabytes(bufferMemory)} MB, maxBlockMs ${maxBlockMs}`);
  console.log(`  buffered ${megabytes(bufferedBytes)} MB, ${waitingSends} sends waiting at the end`);
  console.log(`  RSS grew by ${megabytes(peak - before)} MB`);
  console.log(
    `  ${waits.length} sends refused, the first after ${waits[0]?.toFixed(0)} ms, the median ${waits[waits.length >> 1]?.toFixed(0)} ms`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { records: { type: 'string', default: '20000000' } } });
  const kafka = await RealKafka.start({ fast: true });
  try {
    await heapOverRecords(kafka.bootstrapServers, Number(values.records));
    await stoppedBroker(kafka);
  } finally {
    await kafka.stop();
  }
}

void main();
