// npm run test:fuzz -- --seconds N: builds the native fuzz targets with Clang and gives each of them N seconds; with
// --build-only it gives them none.
// Every run begins with test/fuzz/native/corpus: a few inputs of each kind, by name, and each that ever broke something.
// What the targets learn is kept below native/build.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = path.join(__dirname, '../..');
const BUILD = path.join(ROOT, 'native/build/fuzz');
const CORPUS = path.join(__dirname, 'native/corpus');

function run(command: string, args: string[]): { status: number; output: string } {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  const output = `${stdout}${stderr}`;
  if (status !== 0) process.stderr.write(output.slice(-20_000));
  return { status: status ?? (signal === null ? 0 : 1), output };
}

function build(): string[] {
  const sanitizers = ['-DMILLRACE_FUZZ=ON', '-DMILLRACE_TESTS=OFF', '-DMILLRACE_SANITIZE=address,undefined'];
  const compiler = '-DCMAKE_CXX_COMPILER=clang++';
  for (const args of [
    ['-S', 'native', '-B', BUILD, compiler, ...sanitizers],
    ['--build', BUILD, '--parallel', '2'],
  ]) {
    if (run('cmake', args).status !== 0)
      throw new Error('the fuzz targets could not be built: is clang installed?');
  }
  const sources = readdirSync(path.join(__dirname, 'native')).filter((name) => name.endsWith('_fuzz.cc'));
  return sources.map((source) => source.replace('.cc', ''));
}

function fuzz(target: string, seconds: number): boolean {
  const learnt = path.join(BUILD, 'corpus', target);
  const known = path.join(CORPUS, target);
  mkdirSync(learnt, { recursive: true });
  const begunWith = readdirSync(learnt).length + readdirSync(known).length;
  const { status, output } = run(path.join(BUILD, target), [
    `-max_total_time=${seconds}`,
    `-artifact_prefix=${known}/`,
    '-print_final_stats=1',
    '-rss_limit_mb=4096',
    '-timeout=30',
    // Where librdkafka's threads run beside, what one hands to another at that moment looks lost.
    `-detect_leaks=${target === 'submit_fuzz' ? 0 : 1}`,
    learnt,
    known,
  ]);
  const executions = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? 0);
  const found = status !== 0;
  const read = Number(/INFO: seed corpus: files: (\d+)/.exec(output)?.[1] ?? 0);
  const idle = executions === 0 || read < begunWith;
  const outcome = found
    ? `FAILED, the input is in ${known}`
    : idle
      ? `FAILED: it read ${read} of ${begunWith} inputs of the corpus`
      : 'nothing found';
  console.log(`${target}: ${executions.toLocaleString('en')} executions in ${seconds} s, ${outcome}`);
  return !found && !idle;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    target: { type: 'string' },
    'build-only': { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
if (!(seconds >= 1)) throw new Error('--seconds must be a number of at least 1');
const targets = build().filter((target) => values.target === undefined || target === values.target);
if (!existsSync(BUILD) || targets.length === 0) throw new Error(`no fuzz target ${values.target ?? ''}`);
const asked = values['build-only'] ? [] : targets;
if (!asked.map((target) => fuzz(target, seconds)).every(Boolean)) process.exitCode = 1;
