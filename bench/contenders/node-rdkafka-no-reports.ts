// node-rdkafka without delivery reports: its fastest use, which never tells what became of a record.
import { setTimeout as sleep } from 'node:timers/promises';
import { CODES, Producer } from 'node-rdkafka';
import type { Connect } from '../node-client';
import { bytesOf, type PoolRecord } from '../record-pool';
import {
  connected,
  disconnected,
  headersOf,
  properties,
  topicProperties,
  versions,
} from './node-rdkafka-connection';

export const connect: Connect = async (spec) => {
  const { recordsPerCall, callsInFlight } = spec.workload;
  const producer = new Producer(
    // As many in flight as the other contenders have; the full queue is the only brake there is.
    { ...properties(spec), 'queue.buffering.max.messages': recordsPerCall * callsInFlight },
    topicProperties,
  );
  producer.setPollInterval(100);
  await connected(producer);

  function accepted(record: PoolRecord, value: Buffer): boolean {
    const { topic, key, timestamp } = record;
    try {
      producer.produce(topic, null, value, key ?? null, timestamp ?? null, null, headersOf(record));
      return true;
    } catch (error) {
      if ((error as { code?: number }).code === CODES.ERRORS.ERR__QUEUE_FULL) return false;
      throw error;
    }
  }

  return {
    versions,
    async sendBatch(batch) {
      for (const record of batch) {
        const bytes = bytesOf(record.value, spec.workload);
        while (!accepted(record, bytes)) await sleep(1);
      }
    },
    drain: () =>
      new Promise((resolve, reject) => {
        producer.flush(60_000, (error: unknown) => (error ? reject(error) : resolve()));
      }),
    close: () => disconnected(producer),
  };
};
