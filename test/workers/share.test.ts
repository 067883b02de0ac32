// Many threads, one client: attached producers send on the owner's connections, and no thread's end loses a record.
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Producer, type ProducerHandle, type ProducerOptions } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { endOffsets } from '../broker/topics';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import { toldToProcess } from '../testing/uncaught';

interface Answer {
  results?: { partition: number; offset: bigint }[];
  error?: string;
  persisted?: string;
  ms?: number;
}

function startWorker(task: string, data: Record<string, unknown>): Worker {
  const worker = new Worker(join(__dirname, 'sender.cjs'), { workerData: { task, ...data } });
  onTestFinished(async () => {
    await worker.terminate();
  });
  return worker;
}

/** A thread with an attached producer that does as it is asked. */
class Sender {
  readonly worker: Worker;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #nextId = 0;

  private constructor(handle: ProducerHandle, topic: string, name: string) {
    this.worker = startWorker('echo', { handle, topic, name });
    this.worker.on('message', (answer: Answer & { id: number }) => this.#answers.get(answer.id)?.(answer));
  }

  static async start(handle: ProducerHandle, topic: string, name: string): Promise<Sender> {
    const sender = new Sender(handle, topic, name);
    const [message] = await Promise.race([
      once(sender.worker, 'message'),
      once(sender.worker, 'error').then(([error]) => Promise.reject(error)),
    ]);
    expect(message).toBe('ready');
    return sender;
  }

  send(values: string[]): Promise<Answer> {
    return this.#ask({ values });
  }

  /** When what it was told to send before has been handed over. */
  handedOver(): Promise<Answer> {
    return this.#ask({ turn: true });
  }

  close(options: { timeoutMs?: number } = {}): Promise<Answer> {
    return this.#ask({ close: options });
  }

  #ask(message: object): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.worker.postMessage({ id, ...message });
    });
  }
}

/** Longer: `THREAD_KILLING_SECONDS=60 npx vitest run test/workers/share.test.ts -t 'killed at random'`. */
const KILLING_SECONDS = Number(process.env.THREAD_KILLING_SECONDS ?? 5);
const KILLING_TIMEOUT_MS = 120_000 + KILLING_SECONDS * 3_000;

/** TCP connections of this process to one of these ports. */
function connectionsTo(brokers: string): number {
  const ports = new Set(brokers.split(',').map((broker) => Number(broker.split(':').pop())));
  const inodes = new Set<string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
      const [, , remote, state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === '01' && ports.has(Number.parseInt(remote.split(':')[1], 16))) inodes.add(inode);
    }
  }
  let count = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) count++;
    } catch {
      // Closed in the meantime.
    }
  }
  return count;
}

describeOnEachCluster('threads that share a producer', (cluster) => {
  const open = (options: Partial<ProducerOptions> = {}) =>
    openProducer({ bootstrapServers: cluster.brokers, ...options });

  it.skipIf(process.platform !== 'linux')('deliver on one set of connections', async () => {
    const topic = await cluster.createTopic(4);
    const producer = open();
    await producer.sendBatch([0, 1, 2, 3].map((partition) => ({ topic, partition, value: 'main' })));
    const connections = connectionsTo(cluster.brokers);
    expect(connections).toBeGreaterThan(0);
    const senders = await Promise.all(
      Array.from({ length: 8 }, (_, i) => Sender.start(producer.share(), topic, `thread-${i}`)),
    );
    const values = Array.from({ length: 200 }, (_, i) => String(i));
    const answers = await Promise.all(senders.map((sender) => sender.send(values)));
    expect(connectionsTo(cluster.brokers)).toBe(connections);
    // Each record is where its thread was told, and only there.
    const found = new Map(
      (await readBack(cluster.brokers, topic)).map(({ partition, offset, value }) => [
        `${partition}/${offset}`,
        String(value),
      ]),
    );
    expect(found.size).toBe(4 + 8 * 200);
    answers.forEach(({ results }, thread) => {
      results?.forEach(({ partition, offset }, i) => {
        expect(found.get(`${partition}/${offset}`)).toBe(`thread-${thread}:${i}`);
      });
      expect(results).toHaveLength(200);
    });
    // The owner counts its own.
    expect(producer.metrics()).toMatchObject({ deliveredRecords: 4, outstandingRecords: 0 });
  });

  it(
    'lose nothing that was acknowledged when threads are killed at random',
    async () => {
      // The embedded cluster keeps 5 MB of each partition, and forgets the oldest.
      const topic = await cluster.createTopic(12 * Math.ceil(KILLING_SECONDS / 5));
      const producer = open();
      const handle = producer.share();
      const lives: { name: string; acknowledged: Uint8Array }[] = [];
      const threads: Worker[] = [];
      const begin = (slot: number) => {
        const name = `life-${lives.length}`;
        const shared = new SharedArrayBuffer(50_000);
        lives.push({ name, acknowledged: new Uint8Array(shared) });
        threads[slot] = startWorker('soak', { handle, topic, name, acknowledged: shared });
      };
      for (let slot = 0; slot < 8; slot++) begin(slot);
      const end = performance.now() + KILLING_SECONDS * 1_000;
      while (performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 120));
        const slot = Math.floor(Math.random() * threads.length);
        await threads[slot].terminate();
        begin(slot);
      }
      // A terminated thread's records go on without it; those that live end as they should.
      for (const thread of threads) thread.postMessage('stop');
      await Promise.all(threads.map((thread) => once(thread, 'exit')));
      await producer.close();

      const seen = new Set<string>();
      const newest = new Map<string, number>();
      for (const { key, value } of await readBack(cluster.brokers, topic)) {
        const [name, n] = String(value).split(':');
        expect(name).toBe(String(key));
        if (seen.has(`${name}:${n}`)) throw new Error(`${name}:${n} was stored twice`);
        seen.add(`${name}:${n}`);
        // Batches go before the singles that were sent after them, so a key's records are in the order of sending.
        if (Number(n) <= (newest.get(name) ?? -1))
          throw new Error(`${name}:${n} came after ${newest.get(name)}`);
        newest.set(name, Number(n));
      }
      let acknowledged = 0;
      for (const life of lives) {
        life.acknowledged.forEach((bit, n) => {
          acknowledged += bit;
          if (bit === 1 && !seen.has(`${life.name}:${n}`)) throw new Error(`${life.name}:${n} is lost`);
        });
      }
      expect(acknowledged).toBeGreaterThan(500);
      expect(lives.length).toBeGreaterThan(8);
      const killed = lives.length - threads.length;
      console.log(`${killed} threads killed, ${acknowledged} records acknowledged, ${seen.size} stored`);
    },
    KILLING_TIMEOUT_MS,
  );

  it('a thread that crashes takes nothing of what it handed over along', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open();
    const worker = startWorker('crash', { handle: producer.share(), topic, name: 'doomed' });
    const [error] = await once(worker, 'error');
    expect(error.message).toBe('the thread crashes');
    await producer.send({ topic, value: 'the owner goes on' });
    await producer.close();
    expect(await endOffsets(cluster.brokers, topic)).toEqual([102n]);
  });

  it("the owner's close delivers what threads handed over, and refuses more", async () => {
    const topic = await cluster.createTopic(2);
    const producer = open({ lingerMs: 1_000 });
    const sender = await Sender.start(producer.share(), topic, 'thread');
    await sender.send(['first']);
    const sent = sender.send(Array.from({ length: 300 }, (_, i) => String(i)));
    await sender.handedOver();
    await producer.close();
    expect((await sent).results).toHaveLength(300);
    expect(await sender.send(['late'])).toMatchObject({ error: 'PRODUCER_CLOSED' });
    expect(await sender.close()).toEqual({ id: expect.any(Number) });
    expect((await endOffsets(cluster.brokers, topic)).reduce((a, b) => a + b)).toBe(301n);
  });

  it("a thread's close delivers its records and leaves the others their producer", async () => {
    const topic = await cluster.createTopic(2);
    const producer = open({ lingerMs: 300 });
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => Sender.start(producer.share(), topic, name)),
    );
    const sent = one.send(['a', 'b']);
    await one.close();
    expect((await sent).results).toHaveLength(2);
    expect(await one.send(['late'])).toMatchObject({ error: 'PRODUCER_CLOSED' });
    expect((await two.send(['c'])).results).toHaveLength(1);
    expect((await producer.send({ topic, value: 'd' })).topic).toBe(topic);
  });
});

describe('threads that share a producer, in trouble', () => {
  async function withBrokerDown(options: Partial<ProducerOptions> = {}) {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, ...options });
    const sender = await Sender.start(producer.share(), 'orders', 'thread');
    await Promise.all([sender.send(['first']), producer.send({ topic: 'orders', value: 'first' })]);
    cluster.brokerDown(1);
    return { cluster, producer, sender };
  }

  it("fail with PRODUCER_CLOSED when the owner's close has no time", async () => {
    const { producer, sender } = await withBrokerDown();
    const sent = sender.send(['a', 'b']);
    await sender.handedOver();
    await producer.close({ timeoutMs: 0 });
    expect(await sent).toMatchObject({ error: 'PRODUCER_CLOSED' });
  });

  it('need not wait for what they give up; it is delivered all the same', async () => {
    const { cluster, producer, sender } = await withBrokerDown();
    const sent = sender.send(['a']);
    expect(await sender.close({ timeoutMs: 100 })).toEqual({ id: expect.any(Number) });
    expect(await sent).toMatchObject({ error: 'PRODUCER_CLOSED', persisted: 'possibly' });
    cluster.brokerUp(1);
    await producer.close();
    expect(await endOffsets(cluster.bootstrapServers, 'orders')).toEqual([3n]);
  });

  it('may be closed in the middle of their acknowledgements', async () => {
    const { cluster, producer } = await withBrokerDown();
    cluster.brokerUp(1);
    const uncaught = await toldToProcess('uncaughtException', async () => {
      for (let round = 0; round < 10; round++) {
        const attached = Producer.attach(producer.share());
        await attached.send({ topic: 'orders' });
        const sends = Array.from({ length: 2_000 }, () => attached.send({ topic: 'orders' }));
        const told = Promise.allSettled(sends);
        await sleep(round);
        await attached.close({ timeoutMs: 0 });
        for (const outcome of await told) {
          if (outcome.status === 'rejected')
            expect(outcome.reason).toMatchObject({ code: 'PRODUCER_CLOSED' });
        }
      }
    });
    expect(uncaught).toEqual([]);
  });

  it('divide bufferMemory: each waits for its own records', async () => {
    const options = { bufferMemory: 40_000, topicBufferShare: 1, maxBlockMs: 300 };
    const { cluster, producer, sender } = await withBrokerDown(options);
    expect(producer.metrics().bufferMemory).toBe(20_000);
    const value = 'x'.repeat(1_000);
    const filled = sender.send(new Array(30).fill(value));
    const [own, { error, ms }] = await Promise.all([
      Promise.allSettled(Array.from({ length: 13 }, () => producer.send({ topic: 'orders', value }))).then(
        (all) => {
          return all.filter(({ status }) => status === 'rejected').length;
        },
      ),
      filled,
      new Promise((resolve) => setTimeout(resolve, 1_500)).then(() => cluster.brokerUp(1)),
    ]);
    // The thread's part was full; the owner's was not.
    expect(error).toBe('BUFFER_TIMEOUT');
    expect(ms).toBeGreaterThan(250);
    expect(own).toBe(0);
    await sender.worker.terminate();
    await expect.poll(() => producer.metrics().bufferMemory).toBe(40_000);
  });

  it('hear at once that the thread of the owner has ended', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const owner = startWorker('owner', { bootstrapServers: cluster.bootstrapServers });
    const [handle] = await once(owner, 'message');
    const attached = Producer.attach(handle, { maxBlockMs: 60_000 });
    await attached.send({ topic: 'orders' });
    // A topic that nobody tells of.
    cluster.setRoundTripTime('all', 60_000);
    const waiting = attached.send({ topic: 'unknown' });
    waiting.catch(() => {});
    await owner.terminate();
    await expect(waiting).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await expect(attached.send({ topic: 'orders' })).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await attached.close();
  });

  it('do not wait for one whose event loop is busy', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    cluster.setRoundTripTime('all', 100);
    const owner = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await owner.partitionsFor('orders');
    const signal = new Int32Array(new SharedArrayBuffer(8));
    const worker = startWorker('meanwhile', { handle: owner.share(), topic: 'orders', signal });
    await once(worker, 'message');
    // More than is let into librdkafka at once: the other thread's record waits behind.
    const value = 'v'.repeat(1000);
    const sent = owner.sendBatch(Array.from({ length: 9_000 }, () => ({ topic: 'orders', value })));
    await new Promise(setImmediate);
    Atomics.store(signal, 0, 1);
    Atomics.notify(signal, 0);
    expect(Atomics.wait(signal, 1, 0, 20_000)).toBe('ok');
    await sent;
  });

  it('a record larger than its part of the buffer still goes, alone', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, bufferMemory: 40_000 });
    await Sender.start(producer.share(), 'orders', 'thread');
    const large = { topic: 'orders', value: 'x'.repeat(30_000) };
    const { deliveredCount } = await producer.sendBatch([large, large, large]);
    expect(deliveredCount).toBe(3);
    expect(await Promise.all([producer.send(large), producer.send(large)])).toHaveLength(2);
  });

  it('may come and go', async () => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    for (let round = 0; round < 10; round++) {
      const attached = Producer.attach(producer.share());
      await attached.send({ topic: 'orders', value: `round ${round}` });
      expect(producer.metrics().bufferMemory).toBe(33554432 / 2);
      await attached.close();
      await expect.poll(() => producer.metrics().bufferMemory).toBe(33554432);
    }
    expect(await endOffsets(cluster.bootstrapServers, 'orders')).toEqual([10n]);
  });
});

describe('a handle', () => {
  const owner = () => openProducer({ bootstrapServers: '127.0.0.1:1' });

  it('is plain data without credentials, the same from an attached producer', () => {
    const producer = openProducer({
      bootstrapServers: '127.0.0.1:1',
      librdkafka: { 'sasl.password': 'secret', 'sasl.username': 'me', 'sasl.mechanisms': 'PLAIN' },
    });
    const handle = producer.share();
    expect(structuredClone(handle)).toEqual(handle);
    expect(JSON.stringify(handle)).not.toContain('secret');
    const attached = Producer.attach(handle);
    expect(attached.share()).toEqual(handle);
    return attached.close();
  });

  it.each([undefined, null, {}, 7, 'handle'])('cannot be %o', (handle) => {
    expect(() => Producer.attach(handle as never)).toThrow(/attach takes what producer\.share\(\) returned/);
  });

  it('is of this process', () => {
    const handle = { ...owner().share(), process: 1 };
    expect(() => Producer.attach(handle)).toThrow(/opened in process 1, this is/);
  });

  it("leaves a thread's options to the thread and the client's to the owner", () => {
    const options = { acks: 1 } as never;
    expect(() => Producer.attach(owner().share(), options)).toThrow(
      /option acks is not a thread's to choose/,
    );
  });

  it('keeps the owner’s value for an option that is given as undefined', async () => {
    const producer = openProducer({ bootstrapServers: 'localhost:1', maxBlockMs: 100 });
    const attached = Producer.attach(producer.share(), { maxBlockMs: undefined });
    onTestFinished(async () => void (await attached.close({ timeoutMs: 0 })));
    await expect(attached.send({ topic: 'orders' })).rejects.toThrow(/maxBlockMs \(100 ms\)/);
  });

  it('ends with its producer', async () => {
    const producer = owner();
    const handle = producer.share();
    await producer.close({ timeoutMs: 0 });
    expect(() => Producer.attach(handle)).toThrow(expect.objectContaining({ code: 'PRODUCER_CLOSED' }));
    expect(() => producer.share()).toThrow(expect.objectContaining({ code: 'PRODUCER_CLOSED' }));
  });
});
