// npm run test:sanitize:addon: the addon built with AddressSanitizer and UBSan, inside Node. The tests named run in a copy
// of the package that differs from this one in nothing but its addon.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');
const BUILD = path.join(ROOT, 'native/build/addon-address');
const COPY = path.join(ROOT, 'native/build/addon-address-package');
const TESTS = ['test/fuzz', 'test/intake', 'test/producer/lifecycle.test.ts', 'test/delivery'];
/** Node's own memory at exit is nobody's leak; what librdkafka and we lose is looked for by the native tests. */
const SANITIZER_OPTIONS = {
  ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=1',
  UBSAN_OPTIONS: 'halt_on_error=1',
};

function run(command: string, args: string[], cwd: string, environment: NodeJS.ProcessEnv = {}): void {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

run(
  'npx',
  ['cmake-js', 'build', '-d', 'native', '-O', BUILD, '--CDMILLRACE_SANITIZE=address,undefined'],
  ROOT,
);
rmSync(COPY, { recursive: true, force: true });
mkdirSync(path.join(COPY, 'build/Release'), { recursive: true });
for (const part of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.mts']) {
  cpSync(path.join(ROOT, part), path.join(COPY, part), { recursive: true });
}
symlinkSync(path.join(ROOT, 'node_modules'), path.join(COPY, 'node_modules'));
cpSync(path.join(BUILD, 'Release/millrace.node'), path.join(COPY, 'build/Release/millrace.node'));
const library = spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();
const tests = process.argv.length > 2 ? process.argv.slice(2) : TESTS;
// Only the test processes: the runner itself has no addon.
run('npx', ['vitest', 'run', ...tests], COPY, { ...SANITIZER_OPTIONS, LD_PRELOAD: library });
