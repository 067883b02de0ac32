// What kafkajs and what is made after it have in common: the calls are the same.
import type { ProducerConfig } from 'kafkajs';
import type { NodeClient } from '../node-client';
import { encoded, groupedByTopic, type PoolRecord } from '../record-pool';
import type { TrialSpec } from '../trial';
import { type Compression, isReady } from '../workloads';

interface Message {
  key: string | null;
  value: string | Buffer;
  headers?: Record<string, string>;
  timestamp?: string;
}

const CODECS = { none: 'None', gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' } as const;

/** The part of kafkajs that a trial uses. */
export interface KafkaJsLike {
  Kafka: new (config: {
    clientId: string;
    brokers: string[];
    logLevel: number;
  }) => {
    producer(config: ProducerConfig): {
      connect(): Promise<unknown>;
      send(request: {
        topic: string;
        messages: Message[];
        acks: number;
        compression: number;
      }): Promise<unknown>;
      sendBatch(request: {
        topicMessages: { topic: string; messages: Message[] }[];
        acks: number;
        compression: number;
      }): Promise<unknown>;
      disconnect(): Promise<void>;
    };
  };
  logLevel: { ERROR: number };
  CompressionTypes: Record<(typeof CODECS)[Compression], number>;
  Partitioners: { DefaultPartitioner: ProducerConfig['createPartitioner'] };
}

/** Messages name their topic beside what kafkajs reads of them, for grouping. */
type PoolMessage = Message & { topic: string };

export async function connectKafkaJs(
  library: KafkaJsLike,
  spec: TrialSpec,
  versions: Record<string, string>,
): Promise<NodeClient> {
  const { Kafka, logLevel, CompressionTypes, Partitioners } = library;
  const { workload, topic } = spec;
  const kafka = new Kafka({ clientId: 'bench', brokers: spec.brokers.split(','), logLevel: logLevel.ERROR });
  const producer = kafka.producer({
    idempotent: workload.idempotent,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const acks = -1;
  const compression = CompressionTypes[CODECS[workload.compression]];
  const messages = (batch: readonly PoolRecord[]): PoolMessage[] =>
    isReady(workload)
      ? (batch as unknown as PoolMessage[])
      : batch.map((record) => ({
          ...(record as unknown as PoolMessage),
          value: encoded(record.value, workload),
        }));
  return {
    versions,
    // Its timestamps are text.
    prepare: (record) =>
      record.timestamp === undefined
        ? record
        : ({ ...record, timestamp: String(record.timestamp) } as unknown as PoolRecord),
    sendBatch: (batch) =>
      workload.topics === 1
        ? producer.send({ acks, compression, topic, messages: messages(batch) })
        : producer.sendBatch({ acks, compression, topicMessages: groupedByTopic(messages(batch)) }),
    sendOne: (record) =>
      producer.send({ acks, compression, topic: record.topic, messages: messages([record]) }),
    close: () => producer.disconnect(),
  };
}
