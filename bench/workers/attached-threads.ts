// The same batches from the thread that opened the producer, and from threads that are attached to it.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type BytesLike, Producer, type ProducerOptions, type ProducerRecord } from 'millrace';
import { orderAt } from '../orders';
import { type Contender, lanes, observe } from './contender';

/** Batches that are awaited at the same time, however many threads share them: enough to keep eight busy. */
const IN_FLIGHT = 32;

const LINGER_MS = 5;

const { batchOf, optionsFor } = require('./attached-thread.cjs') as {
  batchOf(topic: string, values: unknown[]): { topic: string; key: string; value: unknown }[];
  optionsFor(values: unknown[]): Pick<ProducerOptions<BytesLike, unknown>, 'valueSerializer'>;
};

/** What the threads send: what costs next to nothing to serialize, and what costs. */
export const VALUES: Record<string, unknown[]> = {
  'text of 100 B': ['x'.repeat(100)],
  'large objects to JSON': Array.from({ length: 100 }, (_, i) => orderAt(i, 20)),
};

export function callerAlone(brokers: string, topic: string, values: unknown[]): Contender {
  const producer = new Producer({
    bootstrapServers: brokers,
    lingerMs: LINGER_MS,
    ...optionsFor(values),
  });
  const batch = batchOf(topic, values) as ProducerRecord[];
  const send = async () => (await producer.sendBatch(batch)).deliveredCount;
  return {
    name: 'one thread',
    async run(ms) {
      await lanes(IN_FLIGHT, performance.now() + ms / 2, send);
      return observe(ms, (until) => lanes(IN_FLIGHT, until, send));
    },
    async close() {
      await producer.close();
    },
  };
}

/**
 * As many lanes altogether. Threads send whenever they are ready, not in one wave, and without the linger that is usual
 * where much is sent, the broker would get more and smaller requests from them. They live through all rounds, as
 * threads of a service do: each has to compile everything for itself at first.
 */
export function attachedThreads(brokers: string, topic: string, values: unknown[], count: number): Contender {
  const producer = new Producer({ bootstrapServers: brokers, lingerMs: LINGER_MS });
  const workerData = { handle: producer.share(), topic, values, lanes: Math.max(1, IN_FLIGHT / count) };
  const threads = Array.from(
    { length: count },
    () => new Worker(join(__dirname, 'attached-thread.cjs'), { workerData }),
  );
  const ask = async (thread: Worker, forMs: number): Promise<number> => {
    thread.postMessage(forMs);
    return (await once(thread, 'message'))[0];
  };
  const all = async (forMs: number) => {
    const sent = await Promise.all(threads.map((thread) => ask(thread, forMs)));
    return sent.reduce((sum, one) => sum + one, 0);
  };
  return {
    name: `${count} attached threads`,
    async run(ms) {
      await all(ms / 2);
      return observe(ms, () => all(ms));
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.terminate()));
      await producer.close();
    },
  };
}
