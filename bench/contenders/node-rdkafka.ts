// node-rdkafka with delivery reports: HighLevelProducer for single sends, Producer with dr_cb for batches.
import { HighLevelProducer, Producer } from 'node-rdkafka';
import type { Connect, NodeClient } from '../node-client';
import { bytesOf } from '../record-pool';
import type { TrialSpec } from '../trial';
import {
  connected,
  disconnected,
  headersOf,
  properties,
  topicProperties,
  versions,
} from './node-rdkafka-connection';

interface Batch {
  left: number;
  settle(error?: unknown): void;
}

async function connectForBatches(spec: TrialSpec): Promise<NodeClient> {
  const producer = new Producer({ ...properties(spec), dr_cb: true }, topicProperties);
  producer.setPollInterval(1);
  producer.on('delivery-report', (error, report) => {
    const batch = report.opaque as Batch;
    if (error) batch.settle(error);
    else if (--batch.left === 0) batch.settle();
  });
  await connected(producer);
  return {
    versions,
    sendBatch: (records) =>
      new Promise<void>((resolve, reject) => {
        const settle = (error?: unknown) => (error ? reject(error) : resolve());
        const batch: Batch = { left: records.length, settle };
        for (const record of records) {
          producer.produce(
            record.topic,
            null,
            bytesOf(record.value, spec.workload),
            record.key ?? null,
            record.timestamp ?? null,
            batch,
            headersOf(record),
          );
        }
      }),
    close: () => disconnected(producer),
  };
}

async function connectForSingles(spec: TrialSpec): Promise<NodeClient> {
  const producer = new HighLevelProducer(properties(spec), topicProperties);
  producer.setValueSerializer((value: string) => Buffer.from(value));
  await connected(producer);
  return {
    versions,
    sendOne: ({ key, value }) =>
      new Promise<void>((resolve, reject) => {
        producer.produce(spec.topic, null, value, key ?? null, null, (error: Error | null) =>
          error ? reject(error) : resolve(),
        );
      }),
    close: () => disconnected(producer),
  };
}

export const connect: Connect = (spec) =>
  spec.workload.recordsPerCall === 1 ? connectForSingles(spec) : connectForBatches(spec);
