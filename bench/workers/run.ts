// `npm run bench:workers -- --brokers host:port`: batches by way of producer.workers(), each workload in each mode: rate,
// and how long the caller's event loop was held up. Needs dist (npm run build:ts).
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Kafka } from 'kafkajs';
import { Producer, type WorkersOptions } from '../../dist';
import { ORDER_SCHEMA, orderAt } from '../orders';

const BATCH = 500;
const IN_FLIGHT = 8;
const TOPIC = 'bench-workers';

const pool = <T>(make: (i: number) => T) =>
  Array.from({ length: BATCH }, (_, i) => ({ key: `key-${i}`, value: make(i) }));

const WORKLOADS = {
  'strings, 1 KB': { encode: 'none', records: pool(() => 'x'.repeat(1000)) },
  'small objects to JSON': { encode: 'json', records: pool((i) => ({ id: i, name: `name ${i}`, on: true })) },
  'large objects to JSON': { encode: 'json', records: pool((i) => orderAt(i, 20)) },
  'objects to Avro': { encode: 'avro', records: pool((i) => orderAt(i)) },
  'JSON text of 1 KB to Avro': { encode: 'json-to-avro', records: pool((i) => JSON.stringify(orderAt(i))) },
};

async function measure(
  brokers: string,
  workload: keyof typeof WORKLOADS,
  options: Pick<WorkersOptions, 'mode' | 'threads'>,
  ms: number,
) {
  const { encode, records } = WORKLOADS[workload];
  const producer = new Producer({ bootstrapServers: brokers });
  const workers = producer.workers({
    module: join(__dirname, 'serializer-module.cjs'),
    options: { encode, schema: ORDER_SCHEMA },
    ...options,
  });
  await Promise.all(Array.from({ length: 8 }, () => workers.sendBatch(TOPIC, records)));
  const run = async (until: number) => {
    let sent = 0;
    const lane = async () => {
      while (performance.now() < until) {
        await workers.sendBatch(TOPIC, records);
        sent += records.length;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return sent;
  };
  await run(performance.now() + ms / 2);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  const sent = await run(started + ms);
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  const { mode, inlineMicroseconds = 0, handOverMicroseconds = 0 } = workers.metrics().topics[TOPIC];
  await workers.close();
  await producer.close();
  return {
    workload,
    mode:
      options.mode === 'auto'
        ? `auto: ${mode}`
        : `${options.mode}${options.mode === 'pool' ? ` of ${options.threads}` : ''}`,
    'records/s': Math.round(sent / seconds),
    'loop p50 ms': (delay.percentile(50) / 1e6).toFixed(1),
    'loop p99 ms': (delay.percentile(99) / 1e6).toFixed(1),
    'serialize µs': inlineMicroseconds.toFixed(2),
    'hand over µs': handOverMicroseconds.toFixed(2),
    'cpu µs/record': ((user + system) / sent).toFixed(2),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      brokers: { type: 'string' },
      ms: { type: 'string', default: '5000' },
      threads: { type: 'string', default: '2' },
    },
  });
  if (values.brokers === undefined) throw new RangeError('--brokers host:port is needed');
  const admin = new Kafka({ brokers: [values.brokers], logLevel: 0 }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 6 }] });
  const threads = Number(values.threads);
  const lines = [];
  try {
    for (const workload of Object.keys(WORKLOADS) as (keyof typeof WORKLOADS)[]) {
      for (const mode of ['inline', 'pool', 'auto'] as const) {
        lines.push(await measure(values.brokers, workload, { mode, threads }, Number(values.ms)));
      }
    }
  } finally {
    await admin.deleteTopics({ topics: [TOPIC] });
    await admin.disconnect();
  }
  console.table(lines);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
