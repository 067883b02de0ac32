// Each serializer, on 1,000 values of its kind.
import { create } from '@bufbuild/protobuf';
import { type Struct, StructSchema, type Value } from '@bufbuild/protobuf/wkt';
import {
  bytesSerializer,
  doubleSerializer,
  floatSerializer,
  integerSerializer,
  jsonSerializer,
  longSerializer,
  type Serializer,
  shortSerializer,
  stringSerializer,
  uuidSerializer,
} from 'millrace';
import { avroSerializer } from 'millrace/avro';
import { protobufSerializer } from 'millrace/protobuf';
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

/** In Protobuf's own type for JSON objects, which needs no generated code: names go along, so it is more than the Avro. */
function structAt(index: number): Struct {
  const value = (it: string | number): Partial<Value> => ({
    kind: typeof it === 'string' ? { case: 'stringValue', value: it } : { case: 'numberValue', value: it },
  });
  const fields = Object.entries(eventAt(index)).map(([name, it]) => [name, value(it)]);
  return create(StructSchema, { fields: Object.fromEntries(fields) });
}

export function serializerStages(): Stage[] {
  const uuid = (index: number) => `123e4567-e89b-42d3-a456-${String(index).padStart(12, '0')}`;
  return [
    stage('string, 100 B', stringSerializer, (index) => valueAt(index, 100)),
    stage('bytes, 100 B', bytesSerializer, (index) => Buffer.from(valueAt(index, 100))),
    stage('JSON, about 100 B', jsonSerializer, eventAt),
    stage('Avro, the same objects', avroSerializer(EVENT_SCHEMA), eventAt),
    stage('Protobuf, the same objects as Struct', protobufSerializer(StructSchema), structAt),
    stage('short', shortSerializer, (index) => index),
    stage('integer', integerSerializer, (index) => index),
    stage('long', longSerializer, (index) => BigInt(index)),
    stage('float', floatSerializer, (index) => index / 3),
    stage('double', doubleSerializer, (index) => index / 3),
    stage('UUID', uuidSerializer, uuid),
  ];
}
