// Millrace through producer.workers(): threads serialize, partition, pack and hand over; this one only passes records on.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Producer } from 'millrace';
import { version } from '../../package.json';
import type { Connect } from '../node-client';
import { schemaOf } from '../record-pool';

const SERIALIZERS = path.join(__dirname, '..', 'workers', 'serializer-module.cjs');

export const connect: Connect = async (spec) => {
  const { topic, workload } = spec;
  const { idempotent, compression } = workload;
  const producer = new Producer({
    bootstrapServers: spec.brokers,
    acks: 'all',
    enableIdempotence: idempotent,
    compression,
    lingerMs: spec.lingerMs,
    bufferMemory: spec.bufferBytes,
  });
  await producer.connect();
  const workers = producer.workers({
    module: SERIALIZERS,
    options: { encode: workload.value, schema: schemaOf(workload) },
    mode: 'pool',
    threads: Math.max(2, availableParallelism() - 1),
  });
  return {
    versions: { millrace: version },
    async sendBatch(batch) {
      await workers.sendBatch(topic, batch);
    },
    async close() {
      await workers.close();
      await producer.close();
    },
  };
};
