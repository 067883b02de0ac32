// The same batches from the thread that opened the producer, and from threads that are attached to it.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Producer } from 'millrace';
import { type Contender, lanes, observe } from './contender';

/** Batches that are awaited at the same time, however many threads share them: enough to keep eight busy. */
const IN_FLIGHT = 32;

const { batchOf } = require('./attached-thread.cjs') as {
  batchOf(topic: string): { topic: string; key: string; value: string }[];
};

export function callerAlone(brokers: string, topic: string): Contender {
  return {
    name: 'one thread',
    async run(ms) {
      const producer = new Producer({ bootstrapServers: brokers });
      const batch = batchOf(topic);
      const send = async () => (await producer.sendBatch(batch)).deliveredCount;
      await lanes(IN_FLIGHT, performance.now() + ms / 2, send);
      const figures = await observe(ms, (until) => lanes(IN_FLIGHT, until, send));
      await producer.close();
      return figures;
    },
  };
}

/** As many lanes altogether. */
export function attachedThreads(brokers: string, topic: string, count: number): Contender {
  return {
    name: `${count} attached threads`,
    async run(ms) {
      const producer = new Producer({ bootstrapServers: brokers });
      const workerData = { handle: producer.share(), topic, lanes: Math.max(1, IN_FLIGHT / count) };
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
      await all(ms / 2);
      const figures = await observe(ms, () => all(ms));
      await Promise.all(threads.map((thread) => thread.terminate()));
      await producer.close();
      return figures;
    },
  };
}
