// Millrace through producer.workers(): threads serialize, partition, pack and hand over; this one only passes records on.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Producer } from 'millrace';
import { version } from '../../package.json';
import type { Connect } from '../node-client';
import { schemaOf } from '../record-pool';
import { connectionOf } from './millrace-connection';

const SERIALIZERS = path.join(__dirname, '..', 'workers', 'serializer-module.cjs');

export const connect: Connect = async (spec) => {
  const { topic, workload } = spec;
  const producer = new Producer(connectionOf(spec));
  await producer.connect();
  const workers = producer.workers({
    module: SERIALIZERS,
    options: { encode: workload.value, schema: schemaOf(workload) },
    mode: 'pool',
    threads: Math.max(2, availableParallelism() - 1),
  });
  return {
    versions: { millrace: version },
    sendBatch: (batch) => workers.sendBatch(topic, batch),
    async close() {
      await workers.close();
      await producer.close();
    },
  };
};
