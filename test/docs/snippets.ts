// The TypeScript of the documentation's pages as programs: a page's ```ts blocks, one behind the other.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const PAGES = path.join(ROOT, 'docs');
/** Inside the package, so that 'millrace' is found as users find it. */
const PROGRAMS = path.join(ROOT, '.cache', 'docs');
/** What the pages write for the brokers. */
const WRITTEN_BROKERS = 'localhost:9092';

export interface Page {
  name: string;
  source: string;
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

export function pageOf(name: string, markdown: string): Page {
  const blocks = [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  const source = blocks.join('\n');
  const prints = [...source.matchAll(/\/\/ prints: (.*)$/gm)].map(([, text]) => text);
  return { name, source, prints };
}

/** Writes the pages' programs, with the brokers to use. */
export function writePrograms(pages: readonly Page[], brokers: string): void {
  rmSync(PROGRAMS, { recursive: true, force: true });
  mkdirSync(PROGRAMS, { recursive: true });
  for (const { name, source } of pages) {
    const program = `export {};\n${source.replaceAll(WRITTEN_BROKERS, brokers)}`;
    writeFileSync(programOf(name), program);
  }
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

export const runPage = (name: string) => run(process.execPath, ['--import', 'tsx', programOf(name)]);

const programOf = (name: string) => path.join(PROGRAMS, `${name}.mts`);

function run(
  program: string,
  args: string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
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
