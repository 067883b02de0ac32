// A program whose ingestion gets a module that does not let go of its thread: `looping-parser.cjs brokers [export]`.
const { join } = require('node:path');
const { Producer } = require('../../dist');

const [brokers, name = 'loops'] = process.argv.slice(2);

async function main() {
  const producer = new Producer({ bootstrapServers: brokers });
  const format = { module: join(__dirname, 'parsers.cjs'), export: name };
  const ingestion = producer.ingest(['a\n'], { topic: 'looping-parser', format });
  const told = ingestion.then(
    ({ delivered }) => console.log('delivered', delivered),
    ({ code, message }) => console.log(code, message),
  );
  // The thread is to be in the middle of it.
  if (name === 'loops') await new Promise((resolve) => setTimeout(resolve, 1_500));
  else await told;
  await producer.close({ timeoutMs: 100 });
  await told;
}

void main();
