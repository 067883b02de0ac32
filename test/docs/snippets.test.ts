// What the documentation shows in TypeScript compiles, runs, and prints what it says.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { checkTypes, pageOf, pagesWithSnippets, runPage, writePrograms } from './snippets';

const pages = pagesWithSnippets();

describe('the documentation', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start();
    writePrograms(pages, cluster.bootstrapServers);
  });
  afterAll(() => cluster.close());

  it('has snippets of the right types', async () => {
    expect(await checkTypes()).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each(pages)('$name: runs, and prints what it says', async ({ name, prints }) => {
    const { code, stdout, stderr } = await runPage(name);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, -1)).toEqual(prints);
  });
});

describe('a page', () => {
  it('is the program of its ts blocks, and of no others', () => {
    const markdown =
      'a\n```ts\nconst x = 1;\n```\nb\n```sh\nls\n```\n```ts\nconsole.log(x); // prints: 1\n```\n';
    expect(pageOf('page', markdown)).toEqual({
      name: 'page',
      source: 'const x = 1;\n\nconsole.log(x); // prints: 1\n',
      prints: ['1'],
    });
  });
});
