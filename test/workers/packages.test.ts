// Modules named by their package, as the application has it: whichever way that may be loaded.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { openProducer } from '../testing/open-producer';

const application = realpathSync(mkdtempSync(path.join(tmpdir(), 'millrace-application-')));
const home = process.cwd();
let cluster: EmbeddedCluster;

function writePackage(name: string, manifest: object, files: Record<string, string>): void {
  const folder = path.join(application, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, ...manifest }));
  for (const [file, code] of Object.entries(files)) writeFileSync(path.join(folder, file), code);
}

const parser = (value: string) => `() => () => ({ value: '${value}' })`;

beforeAll(async () => {
  writePackage(
    'only-imported',
    { exports: { '.': { import: './index.mjs' }, './more': { import: './more.mjs' } } },
    {
      'index.mjs': `export default ${parser('imported')}; export const named = ${parser('named')};`,
      'more.mjs': `export default ${parser('more')};`,
    },
  );
  writePackage(
    'a-module',
    { type: 'module', exports: './index.js' },
    {
      'index.js': `export default ${parser('module')};`,
    },
  );
  writePackage(
    '@scope/both',
    { exports: { import: './index.mjs', require: './index.cjs' } },
    { 'index.mjs': `export default ${parser('both')};`, 'index.cjs': 'throw new Error("required");' },
  );
  writePackage(
    'only-required',
    { main: './main.js' },
    { 'main.js': `module.exports = ${parser('required')};` },
  );
  cluster = await EmbeddedCluster.start();
  process.chdir(application);
});
afterAll(async () => {
  process.chdir(home);
  rmSync(application, { recursive: true });
  await cluster.close();
});

describe.each(['worker', 'caller'] as const)('in the thread of the %s', (thread) => {
  it.each([
    ['only-imported', undefined, 'imported'],
    ['only-imported', 'named', 'named'],
    ['only-imported/more', undefined, 'more'],
    ['a-module', undefined, 'module'],
    ['@scope/both', undefined, 'both'],
    ['only-required', undefined, 'required'],
  ])('%s is found, %s', async (module, name, expected) => {
    const topic = `${module}-${name}-${thread}`.replace(/[@/]/g, '_');
    cluster.createTopic(topic, 1);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.ingest(['line\n'], { topic, format: { module, export: name }, thread });
    const records = await readBack(cluster.bootstrapServers, topic);
    expect(records.map(({ value }) => String(value))).toEqual([expected]);
  });
});

it('one that is not there is named', async () => {
  const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
  await expect(
    producer.ingest(['line\n'], { topic: 'unused', format: { module: 'no-such-package' } }),
  ).rejects.toMatchObject({
    code: 'MODULE_FAILED',
    message: expect.stringMatching(/module no-such-package could not be loaded: Cannot find package/),
  });
});
