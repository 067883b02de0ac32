// kafkajs: no linger and no batching of its own; what one `send` holds is what one request holds.
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { version } from 'kafkajs/package.json';
import type { Connect } from '../node-client';
import type { PoolRecord } from '../record-pool';

export const connect: Connect = async (spec) => {
  const kafka = new Kafka({ clientId: 'bench', brokers: spec.brokers.split(','), logLevel: logLevel.ERROR });
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const request = { topic: spec.topic, acks: -1, compression: CompressionTypes.None };
  return {
    versions: { kafkajs: version },
    async sendBatch(batch) {
      await producer.send({ ...request, messages: batch as PoolRecord[] });
    },
    async sendOne(record) {
      await producer.send({ ...request, messages: [record] });
    },
    close: () => producer.disconnect(),
  };
};
