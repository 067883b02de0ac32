// One trial of one Node client in this process: connect, measure, print the result as one JSON line.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { measure } from './measure';
import type { Connect } from './node-client';
import type { TrialSpec } from './trial';

async function main() {
  const [adapter = '', specJson = ''] = process.argv.slice(2);
  const spec = JSON.parse(specJson) as TrialSpec;
  // Loaded by name, so that a trial's process holds one client only.
  const file = path.join(__dirname, 'contenders', `${adapter}.ts`);
  const { connect } = (await import(pathToFileURL(file).href)) as { connect: Connect };
  const client = await connect(spec);
  const result = await measure(client, spec);
  await client.close();
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

main().then(
  // Some clients leave timers behind; the trial is over all the same.
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
