// The TypeScript of the documentation's pages as programs: a page's ```ts blocks, one behind the other.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const PAGES = path.join(ROOT, 'docs');
/** Inside the package, so that 'millrace' is found as users find it. */
const PROGRAMS = path.join(ROOT, '.cache', 'docs');
/** A program that waits for what never comes ends all the same. */
const TIMEOUT_MS = 25_000;
/** What the pages write for the brokers. */
const WRITTEN_BROKERS = 'localhost:9092';

const NEEDS_REAL_KAFKA = '<!-- The snippets are tested on a real Kafka. -->';

export interface Page {
  name: string;
  source: string;
  /** Files beside the program, by name: ```js blocks that begin with `// name.mjs`. */
  modules: Record<string, string>;
  /** Marked by a comment: the embedded cluster's acknowledgements tell made-up timestamps. */
  needsRealKafka: boolean;
  /** What its `console.log(…); // prints: …` lines promise, in their order. */
  prints: string[];
}

/** The pages that have TypeScript. */
export function pagesWithSnippets(): Page[] {
  return readdirSync(PAGES)
    .filter((file) => file.endsWith('.md'))
    .map((file) => pageOf(path.basename(file, '.md'), readFileSync(path.join(PAGES, file), 'utf8')))
    .filter(({ source }) => source !== '');
}

/** The topics that a page's records name. */
export function topicsOf({ source }: Page): string[] {
  return [...new Set([...source.matchAll(/topic: '([\w-]+)'/g)].map(([, topic]) => topic))];
}

export function pageOf(name: string, markdown: string): Page {
  const blocks = [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  const source = blocks.join('\n');
  const prints = [...source.matchAll(/\/\/ prints: (.*)$/gm)].map(([, text]) => text);
  const modules = Object.fromEntries(
    [...markdown.matchAll(/^```js\n\/\/ ([\w-]+\.mjs)\n(.*?)^```$/gms)].map(([, file, code]) => [file, code]),
  );
  return { name, source, modules, needsRealKafka: markdown.includes(NEEDS_REAL_KAFKA), prints };
}

/** Writes the pages' programs, for brokers where they say they are. */
export function writePrograms(pages: readonly Page[]): void {
  rmSync(PROGRAMS, { recursive: true, force: true });
  mkdirSync(PROGRAMS, { recursive: true });
  for (const page of pages) writeProgram(page, WRITTEN_BROKERS);
  writeFileSync(
    path.join(PROGRAMS, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(ROOT, 'tsconfig.json'),
      compilerOptions: { noUnusedLocals: false },
      include: ['*.mts'],
    }),
  );
}

export const checkTypes = () =>
  run(process.execPath, [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', PROGRAMS]);

export function runPage(page: Page, brokers: string) {
  writeProgram(page, brokers);
  return run(process.execPath, ['--import', 'tsx', programOf(page.name)]);
}

function writeProgram({ name, source, modules }: Page, brokers: string): void {
  for (const [file, code] of Object.entries(modules)) writeFileSync(path.join(PROGRAMS, file), code);
  writeFileSync(programOf(name), `export {};\n${source.replaceAll(WRITTEN_BROKERS, brokers)}`);
}

const programOf = (name: string) => path.join(PROGRAMS, `${name}.mts`);

function run(
  program: string,
  args: string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...output }));
  });
}
