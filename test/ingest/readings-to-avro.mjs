import { avroSerializer } from 'millrace/avro';

export default ({ schema, schemaId }) => {
  const avro = avroSerializer(schema, { schemaId });
  return (line) => {
    const reading = JSON.parse(line);
    return { key: reading.sensor, value: avro.serialize('', reading), timestamp: reading.at };
  };
};
