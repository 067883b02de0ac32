// `npm run bench:ingest -- --gigabytes 1`: a generated file of NDJSON by `millrace produce`, and line by line by node-rdkafka,
// in turns, each in a process of its own, on the Kafka of `--brokers` or one started here. What `millrace produce` wrote is
// read back by kafkajs and compared with the file: a round counts only when it is the same. Needs dist.
import { execFile } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { forEachRecord } from '../../test/broker/read-back';
import { RealKafka } from '../../test/broker/real-kafka';
import { createTopic, deleteTopic } from '../../test/broker/topics';
import { median } from '../statistics';
import { MultisetHash } from './multiset-hash';

const PARTITIONS = 6;
const PIECE_BYTES = 4 << 20;
const NEWLINE = 10;

interface Trial {
  who: string;
  seconds: number;
  watched: { heapGrowthMB: number; residentMB: number; loopDelayP99Ms: number };
}

/** Lines of some 100 to 300 bytes, not all of them ASCII. Returns how many. */
async function writeLines(file: string, bytes: number): Promise<number> {
  const handle = await open(file, 'w');
  let count = 0;
  for (let written = 0; written < bytes; ) {
    const lines: string[] = [];
    for (let size = 0; size < Math.min(PIECE_BYTES, bytes - written); count++) {
      const line = `{"n":${count},"user":{"id":"user-${count % 5_000}","name":"Zoë ${'n'.repeat(count % 30)}"},"text":"${'x'.repeat((count * 7) % 220)}","ok":true}\n`;
      lines.push(line);
      size += line.length + 1;
    }
    written += (await handle.write(lines.join(''))).bytesWritten;
  }
  await handle.close();
  return count;
}

async function hashOfFile(file: string): Promise<string> {
  const hash = new MultisetHash();
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let to = bytes.indexOf(NEWLINE); to !== -1; to = bytes.indexOf(NEWLINE, from)) {
      hash.add(bytes.subarray(from, to));
      from = to + 1;
    }
    rest = bytes.subarray(from);
  }
  return String(hash);
}

/** @throws when the topic does not hold the file's lines, each once, in every partition in the file's order */
async function compare(brokers: string, topic: string, expected: string): Promise<void> {
  const hash = new MultisetHash();
  const last = new Array<number>(PARTITIONS).fill(-1);
  await forEachRecord(brokers, topic, ({ value, partition, offset }) => {
    const line = value as Buffer;
    hash.add(line);
    const n = Number.parseInt(line.toString('latin1', '{"n":'.length, 20), 10);
    if (n <= last[partition])
      throw new Error(`partition ${partition}, offset ${offset}: line ${n} out of order`);
    last[partition] = n;
  });
  if (String(hash) !== expected) throw new Error(`the file has ${expected}; read back were ${hash}`);
}

async function run(who: string, args: string[], folder: string): Promise<{ trial: Trial; stdout: string }> {
  const watchFile = join(folder, 'watched.json');
  const started = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--require', join(__dirname, 'watch-process.cjs'), ...args],
    { env: { ...process.env, WATCH_FILE: watchFile } },
  );
  const seconds = (performance.now() - started) / 1_000;
  return { trial: { who, seconds, watched: JSON.parse(readFileSync(watchFile, 'utf8')) }, stdout };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      brokers: { type: 'string' },
      gigabytes: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      /** node-rdkafka without delivery reports: faster, and nobody knows what became of a line. */
      'no-reports': { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const bytes = Number(values.gigabytes) * 1e9;
  if (!(rounds >= 1) || !(bytes > 0))
    throw new RangeError('--rounds and --gigabytes must be numbers above 0');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const kafka = values.brokers === undefined ? await RealKafka.start({ fast: true }) : undefined;
  const brokers = values.brokers ?? (kafka as RealKafka).bootstrapServers;
  const file = join(folder, 'lines.ndjson');
  const trials: Trial[] = [];
  const onTopic = async (use: (topic: string) => Promise<void>) => {
    const topic = await createTopic(brokers, {
      partitions: PARTITIONS,
      configs: { 'file.delete.delay.ms': '1000', 'retention.bytes': '-1' },
    });
    await use(topic);
    await deleteTopic(brokers, topic);
  };
  try {
    const lines = await writeLines(file, bytes);
    const expected = await hashOfFile(file);
    console.log(`${(bytes / 1e9).toFixed(2)} GB: ${expected}`);
    for (let round = 0; round < rounds; round++) {
      await onTopic(async (topic) => {
        const cli = join(__dirname, '../../dist/cli/main.js');
        const args = [cli, 'produce', '--brokers', brokers, '--topic', topic, '--json', file];
        const { trial, stdout } = await run('millrace produce', args, folder);
        const { delivered } = JSON.parse(stdout);
        if (delivered !== lines) throw new Error(`${delivered} of ${lines} delivered`);
        await compare(brokers, topic, expected);
        trials.push(trial);
      });
      await onTopic(async (topic) => {
        const reports = values['no-reports'] ? 'no-reports' : 'reports';
        const args = [join(__dirname, 'line-producer.cjs'), brokers, topic, file, reports];
        const { trial, stdout } = await run(`node-rdkafka by line, ${reports}`, args, folder);
        if (Number(stdout) !== lines) throw new Error(`node-rdkafka sent ${stdout} of ${lines}`);
        trials.push(trial);
      });
    }
    tell(trials, lines, bytes);
  } finally {
    rmSync(folder, { recursive: true });
    await kafka?.stop();
  }
}

function tell(trials: Trial[], lines: number, bytes: number): void {
  console.table(
    trials.map(({ who, seconds, watched }) => ({
      who,
      seconds: seconds.toFixed(1),
      'lines/s': Math.round(lines / seconds),
      'MB/s': (bytes / 1e6 / seconds).toFixed(1),
      'heap growth MB': watched.heapGrowthMB.toFixed(1),
      'resident MB': watched.residentMB.toFixed(0),
      'loop p99 ms': watched.loopDelayP99Ms.toFixed(1),
    })),
  );
  const medians = [...new Set(trials.map(({ who }) => who))].map((who) => {
    const own = trials.filter((trial) => trial.who === who);
    return { who, seconds: median(own.map(({ seconds }) => seconds)) };
  });
  const [ours, theirs] = medians;
  const heap = Math.max(
    ...trials.filter(({ who }) => who === ours.who).map(({ watched }) => watched.heapGrowthMB),
  );
  console.log(
    `read back byte for byte; ${ours.who} has ${(theirs.seconds / ours.seconds).toFixed(1)} times the rate of ` +
      `${theirs.who} (medians), its main thread's heap grew by ${heap.toFixed(1)} MB at most; ` +
      `${cpus().length} × ${cpus()[0].model}, Node ${process.version}`,
  );
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
