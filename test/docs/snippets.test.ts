// What the documentation shows in TypeScript compiles, runs, and prints what it says; and its links lead somewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { kafkaJs } from '../broker/kafkajs-client';
import { describeOnKafka } from '../broker/real-broker';
import {
  checkTypes,
  type Page,
  pageOf,
  pagesWithSnippets,
  runPage,
  topicsOf,
  writePrograms,
} from './snippets';

const pages = pagesWithSnippets();

beforeAll(() => writePrograms(pages));

it('the snippets have the right types', async () => {
  expect(await checkTypes()).toEqual({ code: 0, stdout: '', stderr: '' });
});

async function keepsItsWord(page: Page, brokers: string): Promise<void> {
  const { code, stdout, stderr } = await runPage(page, brokers);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').slice(0, -1)).toEqual(page.prints);
}

describe('a page runs, and prints what it says', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start();
  });
  afterAll(() => cluster.close());
  it.each(pages.filter(({ needsRealKafka }) => !needsRealKafka))('$name', (page) =>
    keepsItsWord(page, cluster.bootstrapServers),
  );
});

describeOnKafka('a page runs on real Kafka, and prints what it says', (brokers) => {
  it.each(pages.filter(({ needsRealKafka }) => needsRealKafka))('$name', async (page) => {
    const admin = kafkaJs(brokers()).admin();
    await admin.connect();
    const topics = topicsOf(page).map((topic) => ({ topic, numPartitions: 4 }));
    await admin.createTopics({ topics }); // false where they are there already
    await admin.disconnect();
    await keepsItsWord(page, brokers());
  });
});

describe('a page', () => {
  it('is the program of its ts blocks, with the files of js blocks that name one, and of no others', () => {
    const markdown =
      'a\n```ts\nconst x = 1;\n```\nb\n```sh\nls\n```\n```js\nlet y;\n```\n```js\n// z.mjs\nexport {};\n```\n' +
      '```ts\nconsole.log(x); // prints: 1\n```\n';
    expect(pageOf('page', markdown)).toEqual({
      name: 'page',
      source: 'const x = 1;\n\nconsole.log(x); // prints: 1\n',
      modules: { 'z.mjs': 'export {};\n' },
      needsRealKafka: false,
      prints: ['1'],
    });
  });

  const docs = path.join(__dirname, '..', '..', 'docs');
  it.each(readdirSync(docs).filter((file) => file.endsWith('.md')))(
    '%s links to files that are there',
    (file) => {
      const links = [...readFileSync(path.join(docs, file), 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => target)
        .filter((target) => !/^[a-z]+:/.test(target));
      expect(links.filter((target) => !existsSync(path.join(docs, target)))).toEqual([]);
    },
  );
});
