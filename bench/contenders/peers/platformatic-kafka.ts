// @platformatic/kafka: no linger; it is installed beside the contenders, so its types are not at hand.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Connect } from '../../node-client';
import { bytesOf, type PoolRecord } from '../../record-pool';

interface PlatformaticProducer {
  send(request: { messages: readonly PoolRecord[]; acks: number; compression: string }): Promise<unknown>;
  close(): Promise<void>;
}

export const connect: Connect = async (spec) => {
  const { workload } = spec;
  const moduleName: string = '@platformatic/kafka';
  const { Producer, ProduceAcks, compatibilityPartitioner, stringSerializers } = await import(moduleName);
  const serialize = (value: PoolRecord['value']) => bytesOf(value, workload);
  const packageJson = path.join(__dirname, 'node_modules', moduleName, 'package.json');
  const producer: PlatformaticProducer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: spec.brokers.split(','),
    serializers: workload.value === 'text' ? stringSerializers : { ...stringSerializers, value: serialize },
    idempotent: workload.idempotent,
    // Its default puts keys elsewhere than Java does; this one of its own, told to be compatible, has no answer for
    // records without a key.
    partitioner: workload.keyed ? compatibilityPartitioner : undefined,
    autocreateTopics: false,
  });
  const acks: number = ProduceAcks.ALL;
  const { compression } = workload;
  return {
    // Its timestamps are BigInts.
    prepare: (record) =>
      record.timestamp === undefined
        ? record
        : ({ ...record, timestamp: BigInt(record.timestamp) } as unknown as PoolRecord),
    versions: { '@platformatic/kafka': JSON.parse(readFileSync(packageJson, 'utf8')).version },
    sendBatch: (messages) => producer.send({ acks, compression, messages }),
    sendOne: (record) => producer.send({ acks, compression, messages: [record] }),
    close: () => producer.close(),
  };
};
