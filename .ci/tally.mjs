// Adds up what the test runners counted and prints it as the last line: `N passed, M failed`. A skipped test fails.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const results = process.argv[2];
let passed = 0;
let failed = 0;
let skipped = 0;

const vitest = join(results, 'vitest.json');
if (existsSync(vitest)) {
  const report = JSON.parse(readFileSync(vitest, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests + (report.success || report.numFailedTests > 0 ? 0 : 1);
  skipped += report.numPendingTests + report.numTodoTests;
} else {
  failed++;
  console.log('the tests left no report');
}

const native = join(results, 'native.xml');
if (existsSync(native)) {
  const [suite] = readFileSync(native, 'utf8').match(/<testsuite\b[^>]*>/) ?? [''];
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const notRun = count('disabled') + count('skipped');
  passed += count('tests') - count('failures') - notRun;
  failed += count('failures');
  skipped += notRun;
} else {
  failed++;
  console.log('the native tests left no report');
}

if (skipped > 0) console.log(`${skipped} tests were skipped, which is a failure here`);
failed += skipped;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
