// @confluentinc/kafka-javascript through its kafkajs-like API, which is the one its guide recommends.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Connect } from '../../node-client';
import { encoded, groupedByTopic, type PoolRecord } from '../../record-pool';
import { isReady } from '../../workloads';

interface ConfluentProducer {
  connect(): Promise<void>;
  send(request: { topic: string; messages: readonly PoolRecord[] }): Promise<unknown>;
  sendBatch(request: { topicMessages: { topic: string; messages: PoolRecord[] }[] }): Promise<unknown>;
  disconnect(): Promise<void>;
}

export const connect: Connect = async (spec) => {
  const moduleName: string = '@confluentinc/kafka-javascript';
  const { KafkaJS } = await import(moduleName);
  const packageJson = path.join(__dirname, 'node_modules', moduleName, 'package.json');
  const kafka = new KafkaJS.Kafka({
    kafkaJS: { clientId: 'bench', brokers: spec.brokers.split(','), logLevel: KafkaJS.logLevel.ERROR },
  });
  const producer: ConfluentProducer = kafka.producer({
    kafkaJS: { acks: -1, idempotent: spec.workload.idempotent, allowAutoTopicCreation: false },
    'compression.codec': spec.workload.compression,
    'linger.ms': spec.lingerMs,
    'batch.size': spec.batchBytes,
    'queue.buffering.max.messages': 1_000_000,
    'queue.buffering.max.kbytes': spec.bufferBytes / 1024,
    partitioner: 'murmur2_random',
  });
  await producer.connect();
  const { topic, workload } = spec;
  const messages = (batch: readonly PoolRecord[]) =>
    isReady(workload)
      ? batch
      : batch.map((record) => ({ ...record, value: encoded(record.value, workload) as never }));
  return {
    // Its timestamps are text.
    prepare: (record) =>
      record.timestamp === undefined
        ? record
        : ({ ...record, timestamp: String(record.timestamp) } as unknown as PoolRecord),
    versions: { '@confluentinc/kafka-javascript': JSON.parse(readFileSync(packageJson, 'utf8')).version },
    sendBatch: (batch) =>
      workload.topics === 1
        ? producer.send({ topic, messages: messages(batch) })
        : producer.sendBatch({ topicMessages: groupedByTopic(messages(batch)) }),
    sendOne: (record) => producer.send({ topic: record.topic, messages: messages([record]) }),
    close: () => producer.disconnect(),
  };
};
