// The module of the pool's benchmark: what a value is made into is told by the workload.
const { join } = require('node:path');
const { avroSerializer } = require(join(__dirname, '../../dist/serialize/avro.js'));

const schema = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: 'string' },
    { name: 'total', type: 'double' },
    { name: 'paid', type: 'boolean' },
    { name: 'lines', type: { type: 'array', items: { type: 'map', values: 'string' } } },
    { name: 'note', type: 'string' },
  ],
};

module.exports = ({ encode }) => {
  const avro = avroSerializer(schema);
  const json = { serialize: (_topic, data) => JSON.stringify(data) };
  const fromJson = { serialize: (topic, text) => avro.serialize(topic, JSON.parse(text)) };
  return { valueSerializer: { json, avro, 'json-to-avro': fromJson }[encode] };
};
