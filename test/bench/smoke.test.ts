// The benchmark itself, as its user starts it: one trial on the embedded cluster, read back.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { RunResults } from '../../bench/report/run-results';

const root = path.join(__dirname, '..', '..');
const run = promisify(execFile);

it('a quick run of millrace counts, and is written as JSON and HTML', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-bench-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [json, html] = ['run.json', 'run.html'].map((name) => path.join(folder, name)) as [string, string];
  const bench = ['--import', 'tsx', path.join(root, 'bench', 'run.ts')];
  const what = [
    '--quick',
    '--only',
    'millrace',
    '--seconds',
    '1',
    '--trials',
    '1',
    '--workload',
    'batch-100,headers',
  ];
  const { stdout } = await run(process.execPath, [...bench, ...what, '--json', json, '--html', html], {
    cwd: root,
  });
  expect(stdout).toMatch(/^\| millrace +\| +[\d,]+ \|/m);
  const results = JSON.parse(await readFile(json, 'utf8')) as RunResults;
  expect(results.series).toMatchObject([
    {
      workload: 'batch-100',
      contender: 'millrace',
      failures: [],
      trials: [{ versions: { node: process.versions.node } }],
    },
    { workload: 'headers', contender: 'millrace', failures: [], trials: [{}] },
  ]);
  const [{ trials }] = results.series as [RunResults['series'][0]];
  const [{ records, recordsSent, cpuUs }] = trials as [(typeof trials)[0]];
  expect(records).toBeGreaterThan(1000);
  expect(recordsSent).toBeGreaterThan(records);
  expect(cpuUs).toBeGreaterThan(0);
  expect(await readFile(html, 'utf8')).toContain('<svg');
});
