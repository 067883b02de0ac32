// The benchmark itself, as its user starts it: one trial on the embedded cluster, read back.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { cLoop } from '../../bench/contenders/c-loop';
import { type RunResults, summarize } from '../../bench/report/run-results';

const root = path.join(__dirname, '..', '..');
const run = promisify(execFile);

/** One trial of a second each; the files that the run wrote. */
async function bench(...what: string[]): Promise<{ stdout: string; results: RunResults; html: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-bench-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [json, html] = ['run.json', 'run.html'].map((name) => path.join(folder, name)) as [string, string];
  const program = ['--import', 'tsx', path.join(root, 'bench', 'run.ts')];
  const short = ['--quick', '--seconds', '1', '--trials', '1', '--json', json, '--html', html];
  const { stdout } = await run(process.execPath, [...program, ...short, ...what], { cwd: root });
  return {
    stdout,
    results: JSON.parse(await readFile(json, 'utf8')) as RunResults,
    html: await readFile(html, 'utf8'),
  };
}

it('a quick run of millrace counts, and is written as JSON and HTML', { timeout: 180_000 }, async () => {
  const { stdout, results, html } = await bench('--only', 'millrace', '--workload', 'batch-100,headers');
  expect(stdout).toMatch(/^\| millrace +\| +[\d,]+ \|/m);
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
  expect(html).toContain('<svg');
});

// A series without trials failed, or was not read back as it should be.
const countsWith = async (contender: string, workloads: string) => {
  const { results } = await bench('--only', contender, '--workload', workloads);
  const expected = workloads
    .split(',')
    .map((workload) => ({ workload, contender, failures: [], trials: [{}] }));
  expect(results.series).toMatchObject(expected);
};

it('a paced workload is at half the rate reached before', { timeout: 180_000 }, async () => {
  const { results } = await bench('--only', 'millrace', '--workload', 'batch-100,paced');
  const rates = results.series.map((one) => summarize(one)!.recordsPerSecond.median);
  // Slower where the machine was busy, but never faster than the pace and the one call that a trial ends with.
  expect(rates[1]! / rates[0]!).toBeLessThan(0.6);
});

it('kafkajs counts on the embedded cluster where it need not be idempotent', { timeout: 180_000 }, () =>
  countsWith('kafkajs', 'not-idempotent'),
);

it('the drop-in counts with codecs that kafkajs has not', { timeout: 180_000 }, () =>
  countsWith('millrace-kafkajs', 'snappy,lz4'),
);

it('the pool counts with text, objects and JSON for Avro', { timeout: 180_000 }, () =>
  countsWith('millrace-pool', 'batch-100,json,avro,json-to-avro'),
);

it.skipIf(cLoop.missing?.() !== undefined)('the C loop counts', { timeout: 180_000 }, () =>
  countsWith('c-loop', 'batch-100'),
);
