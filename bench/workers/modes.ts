// Batches by way of producer.workers(): inline, in the pool, and as 'auto' has it.
import { join } from 'node:path';
import { Producer, type WorkersOptions } from 'millrace';
import { ORDER_SCHEMA, orderAt } from '../orders';
import { type Contender, lanes, observe } from './contender';

const BATCH = 500;
/** Batches that are awaited at the same time. */
const IN_FLIGHT = 8;

const pool = <T>(make: (i: number) => T) =>
  Array.from({ length: BATCH }, (_, i) => ({ key: `key-${i}`, value: make(i) }));

export const WORKLOADS: Record<string, { encode: string; records: { key: string; value: unknown }[] }> = {
  'text of 1 KB': { encode: 'none', records: pool(() => 'x'.repeat(1000)) },
  'small objects to JSON': { encode: 'json', records: pool((i) => ({ id: i, name: `name ${i}`, on: true })) },
  'large objects to JSON': { encode: 'json', records: pool((i) => orderAt(i, 20)) },
  'objects to Avro': { encode: 'avro', records: pool((i) => orderAt(i)) },
  'JSON text of 1 KB to Avro': { encode: 'json-to-avro', records: pool((i) => JSON.stringify(orderAt(i))) },
};

/** The first is what the others are held against. */
export function modesOf(workload: string, brokers: string, topic: string, threads: number): Contender[] {
  const { encode, records } = WORKLOADS[workload];
  const contender = (name: string, mode: WorkersOptions['mode']): Contender => ({
    name,
    async run(ms) {
      const producer = new Producer({ bootstrapServers: brokers });
      const workers = producer.workers({
        module: join(__dirname, 'serializer-module.cjs'),
        options: { encode, schema: ORDER_SCHEMA },
        mode,
        threads,
      });
      const send = async () => (await workers.sendBatch(topic, records)).deliveredCount;
      // As long again to warm up: 'auto' needs time to look about.
      await lanes(IN_FLIGHT, performance.now() + Math.max(ms, 1_500), send);
      const figures = await observe(ms, (until) => lanes(IN_FLIGHT, until, send));
      const { mode: chosen, inlineMicroseconds, handOverMicroseconds } = workers.metrics().topics[topic];
      await workers.close();
      await producer.close();
      return { ...figures, mode: chosen, inlineMicroseconds, handOverMicroseconds };
    },
  });
  return [
    contender('inline', 'inline'),
    contender(`pool of ${threads}`, 'pool'),
    contender(`auto, at most ${threads} threads`, 'auto'),
  ];
}
