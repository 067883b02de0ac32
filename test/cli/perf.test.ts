// `millrace perf`: that it sends what it says and measures what it sent.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { batchSizeOf } from '../../src/cli/perf-run';
import { SyntheticRecords } from '../../src/cli/synthetic-records';
import { readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, partitionStates } from '../broker/topics';
import { runCli } from './run-cli';

describe('SyntheticRecords', () => {
  it('makes values of the size asked for, and keys in turn', () => {
    const source = new SyntheticRecords('t', 10, 3);
    const records = [...source.next(2), ...source.next(3)];
    expect(records.map(({ key }) => key)).toEqual(['key-0', 'key-1', 'key-2', 'key-0', 'key-1']);
    for (const { topic, value } of records) {
      expect(topic).toBe('t');
      expect(String(value)).toMatch(/^[A-Z]{10}$/);
    }
    expect(new Set(records.map(({ value }) => String(value))).size).toBe(5);
  });

  it('makes records without keys, and empty values', () => {
    expect(new SyntheticRecords('t', 0, 0).next(1)).toEqual([
      { topic: 't', key: null, value: Buffer.from('') },
    ]);
  });
});

describe('batchSizeOf', () => {
  it('is what was asked for, unless that is more than is due in 10 ms', () => {
    expect(batchSizeOf({ batch: 1_000, throughput: -1 })).toBe(1_000);
    expect(batchSizeOf({ batch: 1_000, throughput: 1_000_000 })).toBe(1_000);
    expect(batchSizeOf({ batch: 1_000, throughput: 5_000 })).toBe(50);
    expect(batchSizeOf({ batch: 1_000, throughput: 20 })).toBe(1);
  });
});

describe('millrace perf', () => {
  it('tells rate, latency, CPU time and event loop delay, and whose they are', async () => {
    const { code, stdout } = await runCli(['perf', '-t', 'perf', '-n', '20_000', '-s', '100']);
    expect(code).toBe(0);
    const [sent, latency, cpu] = stdout.split('\n');
    expect(sent).toMatch(
      /^20,000 records \(2\.0 MB\) delivered in [\d.]+ s: [\d,]+ records\/s, .*, 0 failed$/,
    );
    expect(latency).toMatch(/^latency: mean [\d.]+ ms, 50 % .*, 99\.9 % [\d.,]+ ms, max [\d.,]+ ms$/);
    expect(cpu).toMatch(
      /^[\d.]+ µs of CPU per record \(producer and embedded broker together.*event loop delay/,
    );
  });

  it('makes the embedded topic with so many partitions', async () => {
    const flags = ['-t', 'perf', '-n', '10', '-s', '10', '--partitions', '5'];
    const { code, stderr } = await runCli(['perf', ...flags]);
    expect(code).toBe(0);
    expect(stderr).toContain('topic perf with 5 partitions');
  });

  it('keeps to a throughput', async () => {
    const { stdout } = await runCli([
      'perf',
      '-t',
      'perf',
      '-n',
      '1000',
      '-s',
      '10',
      '--throughput',
      '1000',
      '--json',
    ]);
    const { delivered, seconds, latencyMs } = JSON.parse(stdout);
    expect(delivered).toBe(1_000);
    expect(seconds).toBeGreaterThan(0.95);
    expect(seconds).toBeLessThan(1.6);
    expect(latencyMs.p50).toBeGreaterThan(0);
    expect(latencyMs.max).toBeGreaterThanOrEqual(latencyMs['p99.9']);
  });

  it('counts failures by code, with exit code 1', async () => {
    const flags = ['-X', 'message.max.bytes=1000', '--json'];
    const { code, stdout } = await runCli(['perf', '-t', 'perf', '-n', '50', '-s', '2000', ...flags]);
    expect(code).toBe(1);
    const { delivered, failed, failuresByCode, latencyMs, cpuMicrosecondsPerRecord } = JSON.parse(stdout);
    expect({ delivered, failed }).toEqual({ delivered: 0, failed: 50 });
    expect(Object.values(failuresByCode)).toEqual([50]);
    expect(latencyMs).toEqual({
      mean: null,
      p50: null,
      p90: null,
      p95: null,
      p99: null,
      'p99.9': null,
      max: null,
    });
    expect(cpuMicrosecondsPerRecord).toBeNull();
    const text = await runCli(['perf', '-t', 'perf', '-n', '50', '-s', '2000', ...flags.slice(0, 2)]);
    expect(text.stdout).toMatch(
      /^0 records .*\nlatency: none, since nothing was delivered; event loop delay 99 % [\d.]+ ms\nfailed with/,
    );
  });
});

describeOnKafka('millrace perf, on real Kafka', (brokers) => {
  it('makes the topic with so many partitions, and leaves one that is there', async () => {
    const topic = `made-${randomUUID()}`;
    const run = (partitions: string) =>
      runCli(['perf', '-b', brokers(), '-t', topic, '--partitions', partitions, '-n', '500', '-s', '10']);
    expect(await run('7')).toMatchObject({ code: 0, stderr: expect.not.stringContaining('there already') });
    const again = await run('9');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain(`Topic ${topic} is there already: its partitions stay as they are.`);
    expect(await partitionStates(brokers(), topic)).toHaveLength(7);
    expect(await readBack(brokers(), topic)).toHaveLength(1_000);
  });

  it('says why a topic cannot be made', async () => {
    const flags = ['-b', brokers(), '-t', 'no/name', '--partitions', '2', '-n', '1', '-s', '10'];
    const { code, stderr } = await runCli(['perf', ...flags]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/millrace: topic no\/name was not created: .*(invalid|illegal)/i);
  });

  it('sends as many records as asked for, of that size, over all partitions', async () => {
    const topic = await createTopic(brokers(), { partitions: 3 });
    const flags = ['--brokers', brokers(), '-n', '5500', '-s', '20', '--keys', '100', '--json'];
    const { code, stdout } = await runCli(['perf', '-t', topic, ...flags]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ delivered: 5_500, failed: 0, embedded: false });
    const records = await readBack(brokers(), topic);
    expect(records).toHaveLength(5_500);
    expect(new Set(records.map(({ key }) => String(key))).size).toBe(100);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(3);
    expect(new Set(records.map(({ value }) => value?.length))).toEqual(new Set([20]));
  });
});
