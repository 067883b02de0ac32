// Millrace through its main API.
import { jsonSerializer, Producer, type Serializer } from 'millrace';
import { avroSerializer } from 'millrace/avro';
import { version } from '../../package.json';
import type { Connect } from '../node-client';
import { type PoolRecord, schemaOf } from '../record-pool';
import type { Workload } from '../workloads';
import { connectionOf } from './millrace-connection';

function serializerOf(workload: Workload): Serializer<PoolRecord['value']> | undefined {
  const avro = avroSerializer(schemaOf(workload));
  return {
    text: undefined,
    bytes: undefined,
    json: jsonSerializer,
    avro,
    'json-to-avro': {
      serialize: (topic: string, text: unknown) => avro.serialize(topic, JSON.parse(text as string), []),
    },
  }[workload.value];
}

export const connect: Connect = async (spec) => {
  const producer = new Producer<string | undefined, PoolRecord['value']>({
    ...connectionOf(spec),
    valueSerializer: serializerOf(spec.workload),
  });
  await producer.connect();
  return {
    versions: { millrace: version },
    sendBatch: (batch) => producer.sendBatch(batch),
    sendOne: (record) => producer.send(record),
    async close() {
      await producer.close();
    },
  };
};
