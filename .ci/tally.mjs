// Adds up what the steps of .ci/run counted and prints it as the last line: `N passed, M failed`. A skipped test fails, and
// so does a step that ended badly without a test to show for it. Each line of steps.tsv is a step: its exit code, the
// report it should have left (or -), the seconds it took, the file of what it printed, its name.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const results = process.argv[2];

function countVitest(text) {
  const report = JSON.parse(text);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + (report.success || report.numFailedTests > 0 ? 0 : 1),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function countJunit(text) {
  const [suite] = text.match(/<testsuite\b[^>]*>/) ?? [''];
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const skipped = count('disabled') + count('skipped');
  return { passed: count('tests') - count('failures') - skipped, failed: count('failures'), skipped };
}

function count(report, good) {
  if (report === '-') return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0 };
  const file = join(results, report);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0, note: 'it left no report' };
  const counts = (report.endsWith('.json') ? countVitest : countJunit)(readFileSync(file, 'utf8'));
  if (good || counts.failed > 0) return counts;
  return { ...counts, failed: 1, note: 'it ended badly, though no test failed' };
}

const SHOWN_LINES = 60;

function showEnd(name, log) {
  console.log(`\n--- ${name} failed; the end of what it printed:`);
  console.log(readFileSync(log, 'utf8').trimEnd().split('\n').slice(-SHOWN_LINES).join('\n'));
}

const steps = readFileSync(join(results, 'steps.tsv'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split('\t'));
for (const [code, , , log, name] of steps) if (code !== '0') showEnd(name, log);
console.log();

let passed = 0;
let failed = 0;
for (const [code, report, seconds, , name] of steps) {
  const counts = count(report, code === '0');
  passed += counts.passed;
  failed += counts.failed + counts.skipped;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped, which is a failure here` : '';
  const note = counts.note === undefined ? '' : ` (${counts.note})`;
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed${skipped}${note}, ${seconds} s`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
