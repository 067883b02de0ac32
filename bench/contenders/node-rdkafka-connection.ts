// The settings, connection and ending that both node-rdkafka contenders share.
import {
  librdkafkaVersion,
  type MessageHeader,
  type Producer,
  type ProducerGlobalConfig,
  type ProducerTopicConfig,
} from 'node-rdkafka';
import { version } from 'node-rdkafka/package.json';
import type { PoolRecord } from '../record-pool';
import type { TrialSpec } from '../trial';

export const versions = { 'node-rdkafka': version.replace(/^v/, ''), librdkafka: librdkafkaVersion };

export function properties(spec: TrialSpec): ProducerGlobalConfig {
  return {
    'client.id': 'bench',
    'metadata.broker.list': spec.brokers,
    'enable.idempotence': spec.workload.idempotent,
    'compression.codec': spec.workload.compression,
    'linger.ms': spec.lingerMs,
    'batch.size': spec.batchBytes,
    'queue.buffering.max.messages': 1_000_000,
    'queue.buffering.max.kbytes': spec.bufferBytes / 1024,
  } as ProducerGlobalConfig;
}

/** Of the topic, and only here: among the client's properties these would be dropped without a word. */
export const topicProperties = {
  acks: -1,
  // librdkafka's own default hashes keys with CRC-32; every contender here hashes them as Java does.
  partitioner: 'murmur2_random',
} as ProducerTopicConfig;

/** A list of objects. */
export function headersOf({ headers }: PoolRecord): MessageHeader[] | undefined {
  return headers && Object.entries(headers).map(([name, value]) => ({ [name]: value }));
}

export function connected(producer: Producer): Promise<void> {
  return new Promise((resolve, reject) => {
    producer.connect({}, (error: unknown) => (error ? reject(error) : resolve()));
  });
}

export function disconnected(producer: Producer): Promise<void> {
  return new Promise((resolve, reject) => {
    producer.disconnect((error: unknown) => (error ? reject(error) : resolve()));
  });
}
