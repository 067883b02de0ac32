// Millrace through its main API.
import { Producer } from 'millrace';
import { version } from '../../package.json';
import type { Connect } from '../node-client';

export const connect: Connect = async (spec) => {
  const producer = new Producer({
    bootstrapServers: spec.brokers,
    acks: 'all',
    enableIdempotence: true,
    compression: 'none',
    lingerMs: spec.lingerMs,
    bufferMemory: spec.bufferBytes,
  });
  await producer.connect();
  return {
    versions: { millrace: version },
    async sendBatch(batch) {
      await producer.sendBatch(batch);
    },
    async sendOne(record) {
      await producer.send(record);
    },
    close: async () => {
      await producer.close();
    },
  };
};
