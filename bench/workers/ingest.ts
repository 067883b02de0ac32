// `npm run bench:ingest -- --brokers host:port --megabytes 200`: a file of NDJSON by producer.ingest(), and line by line
// by node-rdkafka's producer, in turns: rate, growth of this thread's heap, its event loop's delay. Needs dist.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Kafka } from 'kafkajs';
import RdKafka from 'node-rdkafka';
import { Producer } from '../../dist';

const TOPIC = 'bench-ingest';

/** Lines of about 200 bytes. Returns how many. */
function writeFile(path: string, megabytes: number): number {
  let count = 0;
  writeFileSync(path, '');
  for (let written = 0; written < megabytes * 1e6; ) {
    let piece = '';
    while (piece.length < 4e6) {
      piece += `{"n":${count},"user":{"id":"user-${count % 5000}","name":"${'n'.repeat(20)}"},"text":"${'x'.repeat(110)}","ok":true}\n`;
      count++;
    }
    writeFileSync(path, piece, { flag: 'a' });
    written += piece.length;
  }
  return count;
}

async function byIngest(brokers: string, file: string): Promise<number> {
  const producer = new Producer({ bootstrapServers: brokers });
  const { delivered } = await producer.ingest(file, { topic: TOPIC, format: 'ndjson', key: 'user.id' });
  await producer.close();
  return delivered;
}

async function byNodeRdkafka(brokers: string, file: string): Promise<number> {
  const producer = new RdKafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    dr_cb: true,
  });
  await new Promise<void>((resolve, reject) => {
    producer.connect({}, (error) => (error ? reject(error) : resolve()));
  });
  let delivered = 0;
  producer.on('delivery-report', (error) => {
    if (!error) delivered++;
  });
  producer.setPollInterval(10);
  let sent = 0;
  for await (const line of createInterface({ input: createReadStream(file, { highWaterMark: 256 << 10 }) })) {
    while (sent - delivered > 50_000) await new Promise((resolve) => setTimeout(resolve, 1));
    producer.produce(TOPIC, null, Buffer.from(line), JSON.parse(line).user.id);
    sent++;
  }
  while (delivered < sent) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => producer.disconnect(resolve));
  return delivered;
}

async function measure(what: string, bytes: number, lines: number, run: () => Promise<number>) {
  const heapBefore = process.memoryUsage().heapUsed;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed - heapBefore);
  }, 50);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  const delivered = await run();
  const seconds = (performance.now() - started) / 1_000;
  clearInterval(watch);
  if (delivered !== lines) throw new Error(`${what}: ${delivered} of ${lines} delivered`);
  return {
    what,
    'records/s': Math.round(delivered / seconds),
    'MB/s': (bytes / 1e6 / seconds).toFixed(1),
    'heap growth MB': (most / 1e6).toFixed(1),
    'loop p99 ms': (delay.percentile(99) / 1e6).toFixed(1),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      brokers: { type: 'string' },
      megabytes: { type: 'string', default: '200' },
      rounds: { type: 'string', default: '2' },
    },
  });
  const { brokers } = values;
  if (brokers === undefined) throw new RangeError('--brokers host:port is needed');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const file = join(folder, 'lines.ndjson');
  const admin = new Kafka({ brokers: [brokers], logLevel: 0 }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 6 }] });
  const table = [];
  try {
    const lines = writeFile(file, Number(values.megabytes));
    const bytes = Number(values.megabytes) * 1e6;
    for (let round = 0; round < Number(values.rounds); round++) {
      table.push(await measure('millrace ingest', bytes, lines, () => byIngest(brokers, file)));
      table.push(await measure('node-rdkafka, by line', bytes, lines, () => byNodeRdkafka(brokers, file)));
    }
  } finally {
    rmSync(folder, { recursive: true });
    await admin.deleteTopics({ topics: [TOPIC] });
    await admin.disconnect();
  }
  console.table(table);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
