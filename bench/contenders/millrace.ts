// Millrace through its main API.
import { jsonSerializer, Producer, type Serializer } from 'millrace';
import { avroSerializer } from 'millrace/avro';
import { version } from '../../package.json';
import type { Connect } from '../node-client';
import { EVENT_SCHEMA, type PoolRecord } from '../record-pool';
import type { Workload } from '../workloads';

const serializers: Record<Workload['value'], Serializer<PoolRecord['value']> | undefined> = {
  text: undefined,
  json: jsonSerializer,
  avro: avroSerializer(EVENT_SCHEMA),
};

export const connect: Connect = async (spec) => {
  const { idempotent, compression, value } = spec.workload;
  const producer = new Producer<string | undefined, PoolRecord['value']>({
    bootstrapServers: spec.brokers,
    acks: 'all',
    enableIdempotence: idempotent,
    compression,
    lingerMs: spec.lingerMs,
    bufferMemory: spec.bufferBytes,
    valueSerializer: serializers[value],
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
    async close() {
      await producer.close();
    },
  };
};
