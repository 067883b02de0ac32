// The module of the pool's benchmarks: what a value is made into is told by the workload.
const { join } = require('node:path');
const { avroSerializer } = require(join(__dirname, '../../dist/serialize/avro.js'));

module.exports = ({ encode, schema }) => {
  const avro = avroSerializer(schema);
  const json = { serialize: (_topic, data) => JSON.stringify(data) };
  const fromJson = { serialize: (topic, text) => avro.serialize(topic, JSON.parse(text)) };
  return { valueSerializer: { json, avro, 'json-to-avro': fromJson }[encode] };
};
