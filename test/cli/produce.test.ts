// `millrace produce`, run as a program: what arrives, what is told, and with which exit code.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { type ReadRecord, readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic } from '../broker/topics';
import { runCli, startCli } from './run-cli';
import { ScratchDirectory } from './scratch-directory';

const scratch = new ScratchDirectory();

/** A cluster to produce to. */
interface Target {
  brokers(): string;
  newTopic(partitions: number): Promise<string>;
}

function itProduces({ brokers, newTopic }: Target): void {
  async function produce(topic: string, args: string[], stdin?: string | Buffer) {
    return runCli(['produce', '--brokers', brokers(), '--topic', topic, ...args], stdin);
  }

  const values = (records: ReadRecord[]) => records.map(({ value }) => String(value));

  it('delivers every NDJSON line as it stands, by key, in order', async () => {
    const topic = await newTopic(6);
    const lines = Array.from({ length: 25_000 }, (_, n) =>
      JSON.stringify({ n, user: { id: `ü${(n * 7) % 501}` }, text: 'x'.repeat(n % 60) }),
    );
    const file = scratch.write('events.ndjson', lines.join('\n'));
    const { code, stdout, stderr } = await produce(topic, ['--key-field', 'user.id', '--json', file]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    expect(JSON.parse(stdout)).toMatchObject({
      topic,
      input: file,
      format: 'ndjson',
      interrupted: false,
      delivered: 25_000,
      failed: 0,
      malformed: 0,
      deliveredBytes: bytes,
    });

    const records = await readBack(brokers(), topic);
    expect(values(records).sort()).toEqual([...lines].sort());
    const lastOfKey = new Map<string, { n: number; partition: number }>();
    for (const { key, value, partition } of records) {
      const { n, user } = JSON.parse(String(value));
      expect(String(key)).toBe(user.id);
      const last = lastOfKey.get(user.id);
      if (last && (last.n >= n || last.partition !== partition)) throw new Error(`key ${key} out of order`);
      lastOfKey.set(user.id, { n, partition });
    }
    expect(lastOfKey.size).toBe(501);
  });

  it('reads lines from standard input, with any bytes', async () => {
    const topic = await newTopic(1);
    const input = Buffer.concat([
      Buffer.from('first\r\n\n'),
      Buffer.from([0xff, 0x00, 0xc3]),
      Buffer.from('\nlast'),
    ]);
    const { code, stdout } = await produce(topic, [], input);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^4 records \(0\.012 kB\) delivered in [\d.]+ s: .* records\/s, .* MB\/s, 0 failed\n$/,
    );
    const records = await readBack(brokers(), topic);
    expect(records.map(({ key }) => key)).toEqual([null, null, null, null]);
    expect(records.map(({ value }) => value)).toEqual([
      Buffer.from('first'),
      Buffer.from(''),
      Buffer.from([0xff, 0x00, 0xc3]),
      Buffer.from('last'),
    ]);
  });

  it('turns CSV rows into JSON, with headers, into one partition', async () => {
    const topic = await newTopic(3);
    const file = scratch.write('people.csv', 'id,name\n1,Ada\n2,"Hopper, Grace"\n,Nobody\n');
    const flags = ['-k', 'id', '--partition', '2', '--headers', 'source=crm', '--headers', 'note=a=b'];
    expect(await produce(topic, [...flags, '--compression', 'gzip', file])).toMatchObject({
      code: 0,
      stderr: '',
    });
    const headers = [
      ['source', Buffer.from('crm')],
      ['note', Buffer.from('a=b')],
    ];
    expect(await readBack(brokers(), topic)).toMatchObject([
      { partition: 2, key: Buffer.from('1'), value: Buffer.from('{"id":"1","name":"Ada"}'), headers },
      {
        partition: 2,
        key: Buffer.from('2'),
        value: Buffer.from('{"id":"2","name":"Hopper, Grace"}'),
        headers,
      },
      { partition: 2, key: null, value: Buffer.from('{"id":"","name":"Nobody"}'), headers },
    ]);
  });

  it('chooses partitions as it is told', async () => {
    const file = scratch.write('lines.txt', 'x\n'.repeat(50));
    const sticky = await newTopic(6);
    await produce(sticky, ['--keyless', 'sticky', file]);
    expect(new Set((await readBack(brokers(), sticky)).map(({ partition }) => partition)).size).toBe(1);
    const random = await newTopic(6);
    await produce(random, ['--partitioner', 'random', file]);
    expect(
      new Set((await readBack(brokers(), random)).map(({ partition }) => partition)).size,
    ).toBeGreaterThan(2);
  });

  it('delivers the rest, tells each failure and collects the lines when some are bad', async () => {
    const topic = await newTopic(1);
    const tooLarge = `{"pad":"${'x'.repeat(3_000)}"}`;
    const file = scratch.write('mixed.jsonl', `{"n":1}\nnot json\n\n${tooLarge}\r\n{"n":2}\n{"n":`);
    const rejects = scratch.write('rejects.ndjson', 'from an earlier run');
    const flags = ['-X', 'message.max.bytes=2000', '--rejects', rejects, '--json'];
    const { code, stdout, stderr } = await produce(topic, [...flags, file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^line 2: not JSON: /m);
    expect(stderr).toMatch(/^line 4: .*2000/m);
    expect(stderr).toMatch(/^line 6: not JSON: /m);
    expect(stderr.trim().split('\n')).toHaveLength(3);
    expect(JSON.parse(stdout)).toMatchObject({ delivered: 2, failed: 1, malformed: 2, skipped: 1 });
    // In their order, and told of as lines.
    expect(readFileSync(rejects, 'utf8')).toBe(`not json\n${tooLarge}\n{"n":\n`);
    expect(stderr.match(/^line \d/gm)).toEqual(['line 2', 'line 4', 'line 6']);
    expect(stderr).not.toMatch(/record \d|topic/);
    expect(values(await readBack(brokers(), topic))).toEqual(['{"n":1}', '{"n":2}']);
  });

  it('takes value and timestamp from where they are', async () => {
    const topic = await newTopic(1);
    const file = scratch.write('nested.ndjson', '{"id":7,"at":1700000000123,"v":{"a":1}}\n');
    const flags = ['-k', 'id', '--value-field', 'v', '--timestamp-field', 'at'];
    expect(await produce(topic, [...flags, file])).toMatchObject({ code: 0, stderr: '' });
    expect(await readBack(brokers(), topic)).toMatchObject([
      { key: Buffer.from('7'), value: Buffer.from('{"a":1}'), timestamp: 1700000000123 },
    ]);
  });

  it('has a module make the records', async () => {
    const topic = await newTopic(1);
    const module = path.relative('.', path.join(__dirname, '../ingest/parsers.cjs'));
    const flags = ['--module', module, '--module-options', '{"prefix":">"}', '--json'];
    const { code, stdout } = await produce(topic, flags, 'a=1\nb=2\n');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ format: module, delivered: 2 });
    expect(values(await readBack(brokers(), topic))).toEqual(['>1', '>2']);
    const other = await newTopic(1);
    await produce(other, ['--module', module, '--module-export', 'later'], 'one\n');
    expect(await readBack(brokers(), other)).toMatchObject([{ key: Buffer.from('o') }]);
  });

  it('goes on where an earlier run ended', async () => {
    const topic = await newTopic(1);
    const file = scratch.write('growing.csv', 'id,name\n1,Ada\nbad\n');
    const rejects = scratch.path('growing-rejects.csv');
    const flags = ['--rejects', rejects, '--json'];
    const first = JSON.parse((await produce(topic, [...flags, file])).stdout);
    expect(first).toMatchObject({ delivered: 1, malformed: 1, committedOffset: 18 });
    appendFileSync(file, '2,Grace\nworse\n');
    const resumed = ['--start-offset', String(first.committedOffset), '--columns', 'id,name'];
    const { stdout } = await produce(topic, [...flags, ...resumed, file]);
    expect(JSON.parse(stdout)).toMatchObject({ delivered: 1, malformed: 1, committedOffset: 32 });
    expect(values(await readBack(brokers(), topic))).toEqual([
      '{"id":"1","name":"Ada"}',
      '{"id":"2","name":"Grace"}',
    ]);
    expect(readFileSync(rejects, 'utf8')).toBe('id,name\nbad\nworse\n');
  });

  it('reads a named pipe', async () => {
    const topic = await newTopic(1);
    const pipe = scratch.path(`pipe-${topic}`);
    execFileSync('mkfifo', [pipe]);
    const produced = produce(topic, [pipe]);
    await writeFile(pipe, 'one\ntwo\n');
    expect(await produced).toMatchObject({ code: 0 });
    expect(values(await readBack(brokers(), topic))).toEqual(['one', 'two']);
  });

  it('fails every record for a partition that is not there', async () => {
    const topic = await newTopic(2);
    const rejects = scratch.path('nowhere.txt');
    const flags = ['--partition', '7', '--rejects', rejects, '-X', 'delivery.timeout.ms=3000'];
    const { code, stderr, stdout } = await produce(topic, [...flags, '-'], 'a\n'.repeat(20));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^0 records .* 20 failed\n$/);
    expect(stderr.trim().split('\n')).toHaveLength(11);
    expect(stderr).toContain('... and 10 more');
    expect(readFileSync(rejects, 'utf8')).toBe('a\n'.repeat(20));
  });

  it('sends what a slow input has written so far, and keeps it when interrupted', async () => {
    const topic = await newTopic(1);
    const cli = startCli('produce', '--brokers', brokers(), '--topic', topic);
    cli.child.stdin?.write('one\ntwo\nunfinish');
    expect(values(await readBack(brokers(), topic, { expectedCount: 2 }))).toEqual(['one', 'two']);
    cli.child.kill('SIGINT');
    const { code, stdout, stderr } = await cli.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^Interrupted: 2 records .* 0 failed\n$/);
    expect(stderr).toContain('Stopping');
    expect(await readBack(brokers(), topic)).toHaveLength(2);
  });
}

describe('millrace produce, on the embedded cluster', () => {
  let cluster: EmbeddedCluster;
  let made = 0;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start({ brokers: 1 });
  });
  afterAll(() => cluster.close());
  itProduces({
    brokers: () => cluster.bootstrapServers,
    newTopic: async (partitions) => {
      const topic = `t${made++}`;
      cluster.createTopic(topic, partitions);
      return topic;
    },
  });
});

describeOnKafka('millrace produce, on real Kafka', (brokers) => {
  itProduces({ brokers, newTopic: (partitions) => createTopic(brokers(), { partitions }) });
});

/** Two lines that no broker takes any more, and two interruptions. */
async function giveUpOn(lines: string, cli: ReturnType<typeof startCli>, cluster: EmbeddedCluster) {
  cluster.brokerDown(1);
  cli.child.stdin?.write(lines);
  await cli.printed('broker trouble: ');
  cli.child.kill('SIGINT');
  await cli.printed('Stopping: waiting for 2 records');
  cli.child.kill('SIGINT');
  return cli.ended;
}

describe('millrace produce', () => {
  it('starts a cluster of its own without --brokers, and says so', async () => {
    const { code, stdout, stderr } = await runCli(['produce', '--topic', 'own', '-'], 'a\nb\n');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 records/);
    expect(stderr).toMatch(/^No --brokers given: using a cluster embedded in this process .*12 partitions/);
  });

  it('produces nothing from an empty file', async () => {
    const file = scratch.write('empty.ndjson', '');
    const { code, stdout } = await runCli(['produce', '--topic', 'own', '--json', file]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ delivered: 0, failed: 0, format: 'ndjson' });
  });

  it('gives up on what is on its way when interrupted twice, and says what became of it', async () => {
    await using cluster = await EmbeddedCluster.start({ topics: [{ topic: 't', partitions: 1 }] });
    const rejects = scratch.path('given-up.txt');
    const cli = startCli(
      'produce',
      '-b',
      cluster.bootstrapServers,
      '-t',
      't',
      '--rejects',
      rejects,
      '--json',
    );
    cli.child.stdin?.write('one\n');
    await readBack(cluster.bootstrapServers, 't', { expectedCount: 1 });
    const { code, stdout, stderr } = await giveUpOn('two\nthree\n', cli, cluster);
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, delivered: 1, failed: 2 });
    expect(stderr).toMatch(/^line 2: .*\nline 3: /m);
    expect(readFileSync(rejects, 'utf8')).toBe('two\nthree\n');
  });

  it('has another run begin where lines were given up that nobody has kept', async () => {
    await using cluster = await EmbeddedCluster.start({ topics: [{ topic: 't', partitions: 1 }] });
    const cli = startCli('produce', '-b', cluster.bootstrapServers, '-t', 't', '-f', 'ndjson', '--json');
    cli.child.stdin?.write('{"a":1}\nbad\n');
    await readBack(cluster.bootstrapServers, 't', { expectedCount: 1 });
    const { stdout } = await giveUpOn('{"a":2}\n{"a":3}\n', cli, cluster);
    expect(JSON.parse(stdout)).toMatchObject({ malformed: 1, failed: 2, committedOffset: 12 });
  });

  it('ends with the signal’s code when interrupted twice with more to be read than the buffer takes', async () => {
    await using cluster = await EmbeddedCluster.start({ topics: [{ topic: 't', partitions: 1 }] });
    const cli = startCli('produce', '-b', cluster.bootstrapServers, '-t', 't', '--json');
    cli.child.stdin?.on('error', () => {});
    cli.child.stdin?.write('one\n');
    await readBack(cluster.bootstrapServers, 't', { expectedCount: 1 });
    cluster.brokerDown(1);
    for (let i = 0; i < 60; i++) cli.child.stdin?.write(`${'x'.repeat(99)}\n`.repeat(10_000));
    // Until it reads no further: its buffer is full.
    for (let left = -1; left !== cli.child.stdin?.writableLength; await sleep(1_000)) {
      left = cli.child.stdin?.writableLength ?? 0;
    }
    cli.child.kill('SIGINT');
    await cli.printed('Stopping: waiting for');
    cli.child.kill('SIGINT');
    const { code, stdout } = await cli.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, delivered: 1 });
  });

  it('tells what was done when it fails on the way', async () => {
    const module = path.join(__dirname, '../ingest/parsers.cjs');
    const args = ['produce', '--topic', 'own', '--module', module];
    const text = await runCli(args, 'a=1\nexit\n');
    expect(text).toMatchObject({ code: 1, stderr: expect.stringMatching(/thread ended early, with code 3/) });
    const { code, stdout } = await runCli([...args, '--json'], 'a=1\nexit\n');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      format: module,
      failed: 0,
      committedOffset: expect.any(Number),
      error: { code: 'WORKER_FAILED', message: expect.stringMatching(/thread ended early/) },
    });
  });

  it('shows on a terminal how far it is, to the end', () => {
    const file = scratch.write('shown.txt', 'x\n'.repeat(200_000));
    const main = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
    const command = `'${process.execPath}' '${main}' produce -t own '${file}'`;
    const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      env: { ...process.env, TERM: 'xterm' },
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/ 0% \| 0 records/);
    expect(stdout).toMatch(
      /100% \| 200,000 records \| [\d.,]+ MB\/s \| 0 in flight \| 0 errors \| nothing left/,
    );
    expect(stdout).not.toMatch(/LL|NF|NaN|undefined/);
    expect(stdout).toMatch(/200,000 records .* delivered/);
  });

  it('gives rejected CSV rows their header, so that they can be produced again', async () => {
    const file = scratch.write('bad.csv', 'a,b\n1,2\n3\n');
    const rejects = scratch.path('bad-rejects.csv');
    const { code } = await runCli(['produce', '--topic', 'own', '--rejects', rejects, file]);
    expect(code).toBe(1);
    expect(readFileSync(rejects, 'utf8')).toBe('a,b\n3\n');
  });

  it('tells in one line that no broker answers', async () => {
    const file = scratch.write('a.txt', 'a\n');
    const { code, stdout, stderr } = await runCli(['produce', '--brokers', '127.0.0.1:1', '-t', 't', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^millrace: no broker at 127\.0\.0\.1:1 answered [^\n]*\n$/m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
