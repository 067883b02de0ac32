// What close tells of everything that was accepted.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CloseReceipt, closeOnSignals, Producer } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic } from '../broker/topics';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

describeOnEachCluster('a receipt', (cluster) => {
  it('counts what was delivered, what failed and what was refused', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const dispatches = [
      producer.dispatchBatch([{ topic, value: 'a' }, { topic, partition: 8 }, { topic: 'bad topic' }]),
      producer.dispatchBatch(Array.from({ length: 500 }, () => ({ topic, value: 'b' }))),
    ];
    producer.dispatch({ topic, value: 'c' });
    producer.dispatch({ topic, value: 'c', partition: 9 });
    producer.dispatch({ topic: 'bad topic' });
    const expected = { accepted: 504, delivered: 502, failed: 2, unsent: 0, refused: 2, unsentRecords: [] };
    expect(await producer.close()).toEqual(expected);
    expect(await producer.close({ unsentRecords: true })).toEqual(expected);
    await Promise.allSettled(dispatches.map(({ delivered }) => delivered));
    expect(await readBack(cluster.brokers, topic)).toHaveLength(502);
  });

  it('of a producer that never sent is empty', async () => {
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    expect(await producer.close()).toMatchObject({ accepted: 0, delivered: 0, failed: 0, unsent: 0 });
  });
});

describe('records that cannot be delivered in time', () => {
  async function closedInNeed(unsentRecords: boolean): Promise<CloseReceipt> {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = new Producer({ bootstrapServers: cluster.bootstrapServers, bufferMemory: 200_000 });
    await producer.send({ topic: 'orders', value: 'before' });
    cluster.brokerDown('all');
    producer.dispatchBatch(Array.from({ length: 50 }, (_, i) => ({ topic: 'orders', value: `batch ${i}` })));
    for (let i = 0; i < 50; i++) producer.dispatch({ topic: 'orders', key: `${i}`, value: `single ${i}` });
    // No room for this one: it is never accepted.
    producer.dispatch({ topic: 'orders', value: 'x'.repeat(190_000) });
    return producer.close({ timeoutMs: 200, unsentRecords });
  }

  it('are counted as unsent, and handed back on request', async () => {
    const receipt = await closedInNeed(true);
    expect(receipt).toMatchObject({ accepted: 101, delivered: 1, failed: 0, unsent: 100, refused: 1 });
    const values = receipt.unsentRecords.map(({ record }) => record.value);
    expect(values.sort()).toEqual(
      Array.from({ length: 50 }, (_, i) => [`batch ${i}`, `single ${i}`])
        .flat()
        .sort(),
    );
    expect(receipt.unsentRecords.find(({ record }) => record.value === 'single 7')?.record).toEqual({
      topic: 'orders',
      key: '7',
      value: 'single 7',
    });
    for (const { persisted } of receipt.unsentRecords) expect(persisted).toBe('no');
  });

  it('are only counted without', async () => {
    expect(await closedInNeed(false)).toMatchObject({ unsent: 100, unsentRecords: [] });
  });
});

describeOnKafka('a signal', (brokers) => {
  interface Report {
    receipt: CloseReceipt;
    settled: { delivered: number; failed: number };
    signal: string;
  }

  async function startSending(topic: string): Promise<ChildProcess> {
    const child = fork(join(__dirname, 'sends-until-signal.cjs'), [brokers(), topic]);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child, 'message'); // it has delivered some
    return child;
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('%s under load accounts for every record', async (signal) => {
    const topic = await createTopic(brokers(), { partitions: 3 });
    const child = await startSending(topic);
    const reported = once(child, 'message') as Promise<[Report]>;
    const ended = once(child, 'exit');
    child.kill(signal);
    child.kill(signal); // once more changes nothing
    const [{ receipt, settled, signal: told }] = await reported;
    expect(told).toBe(signal);
    expect(receipt.accepted).toBeGreaterThan(1000);
    expect(receipt.delivered + receipt.failed + receipt.unsent).toBe(receipt.accepted);
    expect(receipt).toMatchObject({ failed: 0, unsent: 0 });
    expect(settled.delivered).toBe(receipt.delivered);
    expect(await ended).toEqual([null, signal]);
    expect(await readBack(brokers(), topic)).toHaveLength(receipt.delivered);
  });
});

describe('closeOnSignals', () => {
  async function endOf(how: string): Promise<{ exit: unknown[]; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [join(__dirname, 'fails-on-closed.cjs'), how]);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (text) => {
      output.stdout += text;
    });
    child.stderr.on('data', (text) => {
      output.stderr += text;
    });
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    return { exit: await ended, ...output };
  }

  it('tells what onClosed throws as an uncaught exception', async () => {
    const { exit, stderr } = await endOf('die');
    expect(exit).toEqual([1, null]);
    expect(stderr).toContain('Error: not kept');
  });

  it('tells of it when the other producers are closed', async () => {
    const { exit, stdout, stderr } = await endOf('two');
    expect(exit).toEqual([1, null]);
    expect(stdout).toBe('ready the other too');
    expect(stderr).toContain('Error: not kept');
  });

  it('lets the signal end the process when somebody has heard of that', async () => {
    expect(await endOf('listen')).toEqual({ exit: [null, 'SIGTERM'], stdout: 'ready not kept', stderr: '' });
  });

  it('has no effect in a worker thread, which gets no signals, and warns of it', async () => {
    const code = `
      const { Producer, closeOnSignals } = require(${JSON.stringify(join(__dirname, '../../dist'))});
      const { parentPort } = require('node:worker_threads');
      process.once('warning', ({ message }) => parentPort.postMessage(message));
      closeOnSignals(new Producer({ bootstrapServers: 'localhost:1' }))();`;
    const [message] = await once(new Worker(code, { eval: true, stderr: true }), 'message');
    expect(message).toBe('closeOnSignals has no effect here: signals come to the main thread only');
  });

  it('can be taken back', () => {
    const before = process.listenerCount('SIGTERM');
    const takeBack = closeOnSignals(new Producer({ bootstrapServers: 'localhost:1' }), {
      signals: ['SIGTERM'],
    });
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    takeBack();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it('has one handler for however many producers', () => {
    const before = process.listenerCount('SIGTERM');
    const takeBack = Array.from({ length: 12 }, () =>
      closeOnSignals(new Producer({ bootstrapServers: 'localhost:1' }), { signals: ['SIGTERM'] }),
    );
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    for (const one of takeBack) one();
    for (const one of takeBack) one();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it.each([-5, Number.NaN, '5'])('is told at once of a timeoutMs of %s', (timeoutMs) => {
    const before = process.listenerCount('SIGTERM');
    const given = { timeoutMs: timeoutMs as number };
    expect(() => closeOnSignals(new Producer({ bootstrapServers: 'localhost:1' }), given)).toThrow(
      /closeOnSignals: timeoutMs must be a number of at least 0/,
    );
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
