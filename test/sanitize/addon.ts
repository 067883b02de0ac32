// npm run test:sanitize:addon -- [--sanitizer address|thread] [test…]: the addon built with a sanitizer, inside Node. The
// tests named, by default those of DEFAULT_TESTS, run in a copy of the package that differs in nothing but its addon.
// Further options go to vitest, such as `-t kfake`. With --build-only no test runs.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');

/** What reaches the addon in as many ways, and from as many threads, as there are. */
const DEFAULT_TESTS = [
  'test/delivery',
  'test/fuzz',
  'test/handover',
  'test/ingest',
  'test/intake',
  'test/kafkajs-parity',
  'test/producer/lifecycle.test.ts',
  'test/transactions',
  'test/workers',
];

interface Sanitizer {
  /** As the compiler calls it. */
  flags: string;
  /** Preloaded: Node itself is not compiled with it. */
  libraries: (build: string) => string[];
  environment: NodeJS.ProcessEnv;
}

const SANITIZERS: Record<string, Sanitizer> = {
  address: {
    flags: 'address,undefined',
    libraries: () => [runtime('libasan.so')],
    environment: {
      // Node's own memory at exit is nobody's leak; what librdkafka and we lose is looked for by the native tests.
      ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=1',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
    },
  },
  thread: {
    flags: 'thread',
    // Without the latter it would see neither librdkafka's threads nor its mutexes.
    libraries: (build) => [runtime('libtsan.so'), path.join(build, 'Release/libc11_threads.so')],
    environment: {
      TSAN_OPTIONS: [
        'halt_on_error=1',
        // Neither Node nor librdkafka is compiled with it: what they read and write by atomic operations and C library
        // calls would look like races. Their locks count, and everything that the addon itself reads and writes.
        'ignore_noninstrumented_modules=1',
        `suppressions=${path.join(ROOT, 'test/native/thread_sanitizer.supp')}`,
      ].join(':'),
    },
  },
};

function runtime(name: string): string {
  return spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
}

function run(command: string, args: string[], cwd: string, environment: NodeJS.ProcessEnv = {}): void {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

function copyPackage(build: string, copy: string): void {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(path.join(copy, 'build/Release'), { recursive: true });
  for (const part of ['src', 'test', 'docs', 'dist', 'package.json', 'tsconfig.json', 'vitest.config.mts']) {
    cpSync(path.join(ROOT, part), path.join(copy, part), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  cpSync(path.join(build, 'Release/millrace.node'), path.join(copy, 'build/Release/millrace.node'));
}

const args = process.argv.slice(2);
const name = args[0] === '--sanitizer' ? args.splice(0, 2)[1] : 'address';
const buildOnly = args.includes('--build-only');
const sanitizer = SANITIZERS[name];
if (sanitizer === undefined) throw new Error(`--sanitizer must be address or thread, not ${name}`);
// Where the native tests are compiled with it too: both share the core.
const build = path.join(ROOT, `native/build/${name}`);
const copy = `${build}-package`;
const definitions = ['--CDMILLRACE_TESTS=ON', `--CDMILLRACE_SANITIZE=${sanitizer.flags}`];
run(
  'npx',
  ['cmake-js', 'build', '-d', 'native', '-O', build, '-T', 'millrace', '-p', '2', ...definitions],
  ROOT,
);
if (!buildOnly) runTests();

function runTests(): void {
  copyPackage(build, copy);
  const tests = args.some((arg) => arg.startsWith('test/')) ? args : [...DEFAULT_TESTS, ...args];
  run(
    'npx',
    ['vitest', 'run', '--config', 'test/sanitize/vitest.config.mts', '--root', '.', ...tests],
    copy,
    {
      ...sanitizer.environment,
      MILLRACE_PRELOAD: sanitizer.libraries(build).join(' '),
    },
  );
}
