// What npm publishes, installed into an empty folder: it loads and produces from every kind of program.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(__dirname, '../..');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-installed-')));

function run(command: string, args: string[], cwd: string = folder): string {
  // npm sets these for the scripts it runs; the commands below must not take the outer project for their own.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle|execpath|command|config_local_prefix)/.test(name),
    ),
  );
  return execFileSync(command, args, { cwd, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
}

const PRODUCE = `
async function produce() {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'packed', partitions: 3 }] });
  const producer = new Producer({ bootstrapServers: cluster.bootstrapServers });
  await producer.connect();
  const { offset } = await producer.send({ topic: 'packed', key: 'k', value: 'v', partition: 1 });
  const result = await producer.sendBatch([{ topic: 'packed', value: 'a' }, { topic: 'packed', value: 'b' }]);
  await producer.close();
  await cluster.close();
  return 'offset ' + offset + ', delivered ' + result.deliveredCount;
}
`;
const PRODUCED = 'offset 0, delivered 2';

beforeAll(() => {
  const [tarball] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  );
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true }));
  run('npm', [
    'install',
    '--ignore-scripts',
    '--no-save',
    '--prefer-offline',
    join(folder, tarball.filename),
  ]);
  // Compiling librdkafka again would take minutes: this project's own is of the same version.
  const compiled = dirname(require.resolve('node-rdkafka/package.json'));
  cpSync(join(compiled, 'build/deps'), join(folder, 'node_modules/node-rdkafka/build/deps'), {
    recursive: true,
  });
  run('npm', ['rebuild', 'millrace', '--foreground-scripts']);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package, installed into an empty folder', () => {
  it('is imported by an ES module', () => {
    writeFileSync(
      join(folder, 'esm.mjs'),
      `import { Producer, RecordError } from 'millrace';
import { EmbeddedCluster } from 'millrace/testing';
${PRODUCE}
console.log(typeof RecordError, await produce());`,
    );
    expect(run('node', ['esm.mjs']).trim()).toBe(`function ${PRODUCED}`);
  });

  it('is required by a CommonJS module', () => {
    writeFileSync(
      join(folder, 'cjs.cjs'),
      `const { Producer } = require('millrace');
const { EmbeddedCluster } = require('millrace/testing');
${PRODUCE}
produce().then(console.log);`,
    );
    expect(run('node', ['cjs.cjs']).trim()).toBe(PRODUCED);
  });

  it('is the same to both: an error made by one is an instance of the other’s class', () => {
    writeFileSync(
      join(folder, 'both.mjs'),
      `import { createRequire } from 'node:module';
import { ConfigError } from 'millrace';
const { Producer } = createRequire(import.meta.url)('millrace');
try { new Producer({}); } catch (error) { console.log(error instanceof ConfigError); }`,
    );
    expect(run('node', ['both.mjs']).trim()).toBe('true');
  });

  it('connects and produces inside a worker thread', () => {
    writeFileSync(
      join(folder, 'worker.cjs'),
      `const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { Producer } = require('millrace');
const { EmbeddedCluster } = require('millrace/testing');
${PRODUCE}
if (isMainThread) {
  for (let i = 0; i < 2; i++) new Worker(__filename).on('message', console.log);
  produce().then(console.log);
} else produce().then((outcome) => parentPort.postMessage(outcome));`,
    );
    expect(run('node', ['worker.cjs']).trim().split('\n')).toEqual([PRODUCED, PRODUCED, PRODUCED]);
  });

  it('has types that ES and CommonJS modules in TypeScript compile against', () => {
    const source = `import { BatchError, type BatchResult, jsonSerializer, Producer, type ProducerRecord } from 'millrace';
import { Kafka, type RecordMetadata } from 'millrace/kafkajs';
import { EmbeddedCluster } from 'millrace/testing';
export async function dropIn(): Promise<RecordMetadata[]> {
  const producer = new Kafka({ brokers: ['localhost:9092'] }).producer();
  // @ts-expect-error a message has a value
  await producer.send({ topic: 't', messages: [{ key: 'k' }] });
  return producer.send({ topic: 't', messages: [{ value: 'v' }] });
}
export async function produce(): Promise<bigint> {
  const cluster = await EmbeddedCluster.start();
  const producer = new Producer<string, { amount: number }>({
    bootstrapServers: cluster.bootstrapServers,
    valueSerializer: jsonSerializer,
  });
  const record: ProducerRecord<string, { amount: number }> = { topic: 't', key: 'k', value: { amount: 1 } };
  const result: BatchResult = await producer.sendBatch([record]);
  // @ts-expect-error the value is not of the serializer's type
  await producer.send({ topic: 't', value: 'text' }).catch((error: unknown) => error instanceof BatchError);
  // What may be left out may be undefined.
  const left: { clientId?: string; partition?: number; signal?: AbortSignal } = {};
  const plain = new Producer({ bootstrapServers: 'a:1', clientId: left.clientId, ssl: undefined });
  await plain.send({ topic: 't', partition: left.partition, headers: undefined }, { signal: left.signal });
  return result.offsets[0] ?? 0n;
}
`;
    writeFileSync(join(folder, 'esm.mts'), source);
    writeFileSync(join(folder, 'cjs.cts'), source);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    run('node', [
      tsc,
      ...['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'],
      ...['--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'],
      ...[
        '--lib',
        'es2022,esnext.disposable',
        '--typeRoots',
        join(root, 'node_modules/@types'),
        '--types',
        'node',
      ],
      ...['esm.mts', 'cjs.cts'],
    ]);
  });

  it('takes kafkajs’s place for producers where kafkajs is not installed', () => {
    writeFileSync(
      join(folder, 'drop-in.mjs'),
      `import { CompressionTypes, Kafka, KafkaJSNonRetriableError, logLevel } from 'millrace/kafkajs';
import { EmbeddedCluster } from 'millrace/testing';
const cluster = await EmbeddedCluster.start({ topics: ['packed'] });
const kafka = new Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer();
await producer.connect();
const messages = [{ key: 'k', value: 'v' }];
const [{ baseOffset }] = await producer.send({ topic: 'packed', compression: CompressionTypes.GZIP, messages });
await producer.disconnect();
await cluster.close();
try { kafka.consumer({ groupId: 'g' }); } catch (error) {
  console.log(baseOffset, error instanceof KafkaJSNonRetriableError, error.message);
}`,
    );
    expect(run('node', ['drop-in.mjs']).trim()).toBe(
      "0 true kafka.consumer() is kafkajs's own, which is not installed: npm install kafkajs",
    );
  });

  it('brings the millrace command', () => {
    expect(run('npx', ['--no-install', 'millrace', '--help'])).toContain('produce');
  });
});
