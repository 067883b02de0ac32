// `millrace partitions plan`, run as a program: with arithmetic alone, with a file of keys, and with a topic's records.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ProducerRecord, partitionForKey } from '../../src';
import { kafkaJs } from '../broker/kafkajs-client';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, growTopic } from '../broker/topics';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import { runCli } from './run-cli';
import { ScratchDirectory } from './scratch-directory';

const scratch = new ScratchDirectory();
const plan = (...args: string[]) => runCli(['partitions', 'plan', ...args]);

describe('millrace partitions plan', () => {
  it('says that 100 to 125 partitions moves 80 % of the keys, and which counts move fewer', async () => {
    const { code, stdout, stderr } = await plan('--from', '100', '--to', '125');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('From 100 to 125 partitions, 80 % of all keys move');
    expect(stdout).toContain('  150 partitions: 66.7 % move\n  200 partitions: 50 % move\n');
  });

  it('counts the keys of a file, with the histogram of both counts', async () => {
    const file = scratch.write('keys.txt', Array.from({ length: 5_000 }, (_, n) => `user-${n}\n`).join(''));
    const { code, stdout } = await plan('--from', '100', '--to', '125', '--keys', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Counted: 4,0\d\d|Counted: 3,9\d\d/);
    expect(stdout).toMatch(/Records +in 100 partitions +in 125 partitions/);
    expect(stdout).toMatch(/min \/ median \/ max +\d+ \/ [\d.]+ \/ \d+ +\d+ \/ [\d.]+ \/ \d+/);
    // Each bar is followed by its number of partitions: a column adds up to them all.
    const bars = [...stdout.matchAll(/^ {2}[\d,]+ to [\d,]+ {2}(.*)$/gm)].map(([, rest]) => rest.padEnd(80));
    const column = (from: number, to?: number) =>
      bars.reduce((sum, line) => sum + Number(line.slice(from, to).match(/\d+/)?.[0] ?? 0), 0);
    const split = stdout
      .split('\n')
      .find((line) => line.includes('in 125'))
      ?.indexOf('in 125') as number;
    const indent = split - (stdout.match(/^ {2}[\d,]+ to [\d,]+ {2}/m)?.[0].length ?? 0);
    expect([column(0, indent), column(indent)]).toEqual([100, 125]);
  });

  it('--json has the whole of it, a line a record and any bytes a key', async () => {
    const keys = [Buffer.from('a'), Buffer.from('a'), Buffer.from([0xff, 0xfe]), Buffer.from('ü')];
    const file = scratch.write('bytes.txt', Buffer.concat(keys.flatMap((key) => [key, Buffer.from('\r\n')])));
    const { code, stdout } = await plan('--from', '3', '--to', '4', '--keys', file, '--json');
    expect(code).toBe(0);
    const loads = (count: number) => {
      const expected = new Array<number>(count).fill(0);
      for (const key of keys) expected[partitionForKey(key, count)]++;
      return expected;
    };
    expect(JSON.parse(stdout)).toMatchObject({
      from: 3,
      to: 4,
      moves: 0.75,
      leastCommonMultiple: 12,
      topic: null,
      measured: {
        keys: 3,
        records: 4,
        before: { partitions: 3, recordsByPartition: loads(3) },
        after: { partitions: 4, recordsByPartition: loads(4) },
      },
      suggestions: [{ partitions: 6, moves: 0.5 }],
    });
  });

  it('prints what docs/partitions.md shows', async () => {
    const keys = scratch.write(
      'customers.txt',
      Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join(''),
    );
    const { stdout } = await plan('--from', '100', '--to', '125', '--keys', keys);
    const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'partitions.md'), 'utf8');
    expect(page).toContain(stdout.slice(0, stdout.lastIndexOf('A producer with')));
  });

  it('reads keys from standard input', async () => {
    const { stdout } = await runCli(
      ['partitions', 'plan', '--from', '2', '--to', '3', '--keys', '-'],
      'a\nb',
    );
    expect(stdout).toContain('of 2 keys move');
  });

  it.each([
    [
      'fewer partitions',
      ['--from', '8', '--to', '4'],
      "--to must be above 8: a topic's partitions can only be",
    ],
    ['as many', ['--from', '8', '--to', '8'], '--to must be above 8'],
    ['no target', ['--from', '8'], "required option '--to <number>' not specified"],
    ['no count of today', ['--to', '8'], '--from is needed where no --topic tells it'],
    ['a topic without brokers', ['--to', '8', '--topic', 't'], '--topic needs --brokers'],
    ['two sources', ['--from', '1', '--to', '8', '--topic', 't', '--keys', 'f'], 'cannot be used with'],
    ['a missing file', ['--from', '1', '--to', '8', '--keys', scratch.path('none')], 'no such file'],
    ['an empty file', ['--from', '1', '--to', '8', '--keys', '-'], 'standard input has no keys'],
    ['a broker that is none', ['--to', '8', '--topic', 't', '--brokers', '-', '-X', 'no.such=1'], 'no.such'],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await plan(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect([1, 2]).toContain(code);
  });
});

describeOnEachCluster('millrace partitions plan --topic', (cluster) => {
  const planTopic = async (topic: string, ...args: string[]) => {
    const { code, stdout, stderr } = await plan(
      '--brokers',
      cluster.brokers,
      '--topic',
      topic,
      '--json',
      ...args,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };

  it('counts the records of each key, and those without key or in a partition of their own', async () => {
    const topic = await cluster.createTopic(4);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const keyed: ProducerRecord[] = Array.from({ length: 3_000 }, (_, n) => ({ topic, key: `k${n % 701}` }));
    const awry = (partitionForKey(Buffer.from('k0'), 4) + 1) % 4;
    const elsewhere = Array.from({ length: 5 }, () => ({ topic, key: 'k0', partition: awry }));
    const keyless = Array.from({ length: 40 }, () => ({ topic, value: 'x' }));
    await producer.sendBatch([...keyed, ...elsewhere, ...keyless]);
    const found = await planTopic(topic, '--to', '6');
    const before = new Array<number>(4).fill(0);
    for (const { key } of [...keyed, ...elsewhere]) before[partitionForKey(Buffer.from(key as string), 4)]++;
    expect(found).toMatchObject({
      from: 4,
      to: 6,
      moves: expect.closeTo(2 / 3, 12),
      topic: { topic, partitions: 4, records: 3_045, keylessRecords: 40, elsewhere: 5 },
      measured: { keys: 701, records: 3_005, before: { recordsByPartition: before } },
    });
    const moved = new Set(keyed.map(({ key }) => key as string)).values();
    const expected = [...moved].filter((key) => {
      const bytes = Buffer.from(key);
      return partitionForKey(bytes, 4) !== partitionForKey(bytes, 6);
    });
    expect(found.measured.keysMoved).toBe(expected.length);
  });

  it('reads no more than the sample, the newest of each partition in proportion', async () => {
    const topic = await cluster.createTopic(2);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const fill = (partition: number, count: number, key: string) =>
      Array.from({ length: count }, () => ({ topic, partition, key }));
    await producer.sendBatch([...fill(0, 900, 'old'), ...fill(1, 300, 'old')]);
    await producer.sendBatch([...fill(0, 90, 'new'), ...fill(1, 30, 'new')]);
    const { topic: read, measured } = await planTopic(topic, '--to', '4', '--sample', '120');
    expect(read).toMatchObject({ records: 120, recordsByPartition: [90, 30] });
    expect(measured).toMatchObject({ keys: 1, records: 120 });
  });

  it('says so when a topic has no records', async () => {
    const topic = await cluster.createTopic(3);
    expect(await planTopic(topic, '--to', '6')).toMatchObject({ topic: { records: 0 }, measured: null });
  });
});

describeOnKafka('millrace partitions plan, real Kafka', (brokers) => {
  it('foretells what growing the topic does to its keys', async () => {
    const topic = await createTopic(brokers(), { partitions: 4 });
    const { stdout } = await plan('--brokers', brokers(), '--topic', topic, '--to', '6', '--json');
    expect(JSON.parse(stdout).from).toBe(4);

    const keys = Array.from({ length: 500 }, (_, n) => `k${n}`);
    const placesNow = async () => {
      const producer = openProducer({ bootstrapServers: brokers() });
      const sent = await producer.sendBatch(keys.map((key) => ({ topic, key })));
      return [...sent.partitions];
    };
    const before = await placesNow();
    const foretold = JSON.parse(
      (await plan('--brokers', brokers(), '--topic', topic, '--to', '6', '--json')).stdout,
    ).measured;
    await growTopic(brokers(), topic, 6);
    const after = await placesNow();
    expect(foretold.keysMoved).toBe(before.filter((partition, n) => partition !== after[n]).length);
    expect(foretold.after.recordsByPartition).toEqual(
      Array.from({ length: 6 }, (_, n) => after.filter((partition) => partition === n).length),
    );
  });

  it('reads past the gaps that transactions leave', async () => {
    const topic = await createTopic(brokers(), { partitions: 1 });
    const producer = kafkaJs(brokers()).producer({
      transactionalId: topic,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (const end of ['commit', 'abort', 'commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: end, value: end }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const { code, stdout } = await plan('--brokers', brokers(), '--topic', topic, '--to', '2', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ topic: { records: 2 }, measured: { keys: 1, records: 2 } });
  });

  it('refuses a topic that is not there, and does not make it', async () => {
    const { code, stderr } = await plan('--brokers', brokers(), '--topic', 'no-such-topic-here', '--to', '2');
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'millrace: there is no topic no-such-topic-here\n' });
  });
});
