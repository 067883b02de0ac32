// Each serializer, on 1,000 values of its kind.
import {
  bytesSerializer,
  doubleSerializer,
  integerSerializer,
  jsonSerializer,
  longSerializer,
  type Serializer,
  stringSerializer,
  uuidSerializer,
} from '../../src';
import { avroSerializer } from '../../src/serialize/avro';
import { EVENT_SCHEMA, eventAt, valueAt } from '../record-pool';
import { RECORDS, type Stage } from './stage';

function stage<T>(name: string, serializer: Serializer<T>, make: (index: number) => T): Stage {
  const values = Array.from({ length: RECORDS }, (_, index) => make(index));
  const run = () => {
    let bytes = 0;
    for (const value of values)
      bytes += (serializer.serialize('stage', value, []) as { length: number }).length;
    if (!(bytes > 0)) throw new Error(`${name} made no bytes`);
  };
  return { group: 'serializers', name, records: RECORDS, run };
}

export function serializerStages(): Stage[] {
  const uuid = (index: number) => `123e4567-e89b-42d3-a456-${String(index).padStart(12, '0')}`;
  return [
    stage('string, 100 B', stringSerializer, (index) => valueAt(index, 100)),
    stage('bytes, 100 B', bytesSerializer, (index) => Buffer.from(valueAt(index, 100))),
    stage('JSON, about 100 B', jsonSerializer, eventAt),
    stage('Avro, the same objects', avroSerializer(EVENT_SCHEMA), eventAt),
    stage('integer', integerSerializer, (index) => index),
    stage('long', longSerializer, (index) => BigInt(index)),
    stage('double', doubleSerializer, (index) => index / 3),
    stage('UUID', uuidSerializer, uuid),
  ];
}
