// `npm run bench`: runs contenders over workloads, a fresh process and topic for every trial, and reports.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { type BenchArguments, lengthOf, parseArguments } from './arguments';
import type { Contender } from './contenders/contender';
import { contenders } from './contenders/list';
import { paceOf } from './pace';
import { readBack } from './read-back';
import { topicsOf } from './record-pool';
import { html } from './report/html';
import { joined } from './report/joined-runs';
import { markdown } from './report/markdown';
import { overview } from './report/overview';
import { describeMachine, type RunResults, type Series } from './report/run-results';
import { markdownTable } from './report/table';
import { verdicts, verdictTable } from './report/verdicts';
import { killRunningTrial, runTrial } from './run-trial';
import { openCluster, type TargetCluster } from './target-cluster';
import { BATCH_BYTES, BUFFER_BYTES, type TrialResult } from './trial';
import { isSingle, settingsOf, type Workload, workloads } from './workloads';

// Lets the broker finish what the last trial left to it: deleting files, above all.
const PAUSE_MS = 500;
// For a trial that is told how many records to send, not how long.
const RECORDS_TRIAL_TIMEOUT_SECONDS = 3600;

// A broker whose JVM has just started is half as fast as it will be.
const BROKER_WARMUP_SECONDS = 30;

const NEEDS_KAFKA = { all: 'needs a real Kafka', idempotence: 'idempotent, it needs a real Kafka' };

/** Set by Ctrl-C: the running trial is killed, no other begins, and the cluster is closed on the way out. */
let stopped = false;

function list(): void {
  console.log('Contenders:');
  for (const { name, note, missing } of contenders) {
    const why = missing?.();
    console.log(`  ${name.padEnd(24)}${why ?? note}`);
  }
  console.log('Workloads:');
  for (const { name, title, set } of workloads) {
    console.log(`  ${name.padEnd(24)}${title}${set === 'core' ? '' : ` (--${set})`}`);
  }
}

async function trial(
  cluster: TargetCluster,
  workload: Workload,
  contender: Contender,
  run: BenchArguments,
  recordsPerSecond: number | undefined,
): Promise<TrialResult> {
  const topic = `bench-${workload.name}-${contender.name}-${randomBytes(4).toString('hex')}`;
  const topics = topicsOf(topic, workload);
  const { seconds, records } = lengthOf(run, workload);
  const brokers = await cluster.openTopics(topics, workload.partitions);
  try {
    const command = contender.command({
      contender: contender.name,
      workload,
      brokers,
      realKafka: cluster.real,
      topic,
      warmupSeconds: run.warmupSeconds,
      seconds,
      records,
      recordsPerSecond,
      lingerMs: run.lingerMs ?? (isSingle(workload) ? 0 : (contender.batchLingerMs ?? 0)),
      batchBytes: BATCH_BYTES,
      bufferBytes: BUFFER_BYTES,
    });
    const timeoutSeconds = records ? RECORDS_TRIAL_TIMEOUT_SECONDS : (run.warmupSeconds + seconds) * 3 + 60;
    const result = await runTrial(command, timeoutSeconds);
    await readBack(brokers, topic, workload, result.recordsSent, workload.keyed && !contender.dropsKeys);
    return result;
  } finally {
    await cluster.dropTopics(topics);
    await sleep(PAUSE_MS);
  }
}

/** Gives a broker that was started for this run something to do; nothing of it counts. */
async function warmUp(cluster: TargetCluster, run: BenchArguments): Promise<void> {
  const workload = workloads.find(({ name }) => name === 'batch-100')!;
  const millrace = contenders.find(({ name }) => name === 'millrace')!;
  console.log(`The broker warms up for ${BROKER_WARMUP_SECONDS} s.`);
  const length = {
    warmupSeconds: 0,
    seconds: BROKER_WARMUP_SECONDS,
    secondsOrdered: true,
    records: undefined,
  };
  try {
    await trial(cluster, workload, millrace, { ...run, ...length }, undefined);
  } catch (error) {
    if (!stopped) throw error;
  }
}

/** Compiles what must be compiled; what cannot run is told in its series and left out. */
async function ready(
  cluster: TargetCluster,
  workload: Workload,
  all: Contender[],
  soFar: readonly Series[],
): Promise<Series[]> {
  const series: Series[] = [];
  for (const { name, missing, needsRealKafka, prepare, supports } of all) {
    if (supports && !supports(workload)) continue;
    const one: Series = { workload: workload.name, contender: name, trials: [], failures: [] };
    const onMock =
      cluster.real || !needsRealKafka || (needsRealKafka === 'idempotence' && !workload.idempotent);
    one.missing =
      missing?.(workload) ?? (onMock ? undefined : `not run: ${NEEDS_KAFKA[needsRealKafka]} (--kafka)`);
    try {
      if (one.missing === undefined) await prepare?.();
      if (workload.pace && one.missing === undefined && paceOf(workload, name, soFar) === undefined)
        one.missing = `not run: no valid trial in ${workload.pace.of}, whose rate it would be paced by`;
    } catch (error) {
      one.missing = `not built: ${messageOf(error)}`;
    }
    if (one.missing) console.error(`${name}: ${one.missing}`);
    series.push(one);
  }
  return series;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function runWorkload(
  cluster: TargetCluster,
  workload: Workload,
  run: BenchArguments,
  soFar: readonly Series[],
): Promise<Series[]> {
  const series = await ready(cluster, workload, run.contenders, soFar);
  const running = series.filter(({ missing }) => missing === undefined);
  const bar = new SingleBar({
    format: `${workload.name} [{bar}] {value}/{total} {contender}`,
    stopOnComplete: true,
  });
  bar.start(run.trials * running.length, 0, { contender: '' });
  for (let round = 0; round < run.trials; round++) {
    // Taking turns: a disturbance of the machine then falls on all of them.
    for (const one of running) {
      if (stopped) break;
      bar.update({ contender: one.contender });
      const contender = run.contenders.find(({ name }) => name === one.contender)!;
      try {
        one.trials.push(
          await trial(cluster, workload, contender, run, paceOf(workload, one.contender, soFar)),
        );
      } catch (error) {
        one.failures.push(messageOf(error));
      }
      bar.increment();
    }
  }
  bar.stop();
  for (const { contender, failures } of running) {
    for (const why of failures) console.error(`${contender}, trial does not count: ${why}`);
  }
  console.log(`\n${workload.name}: ${workload.title}\n${markdownTable(series)}\n`);
  return series;
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function runAll(run: BenchArguments): Promise<RunResults> {
  const cluster = await openCluster(run);
  const results: RunResults = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    cluster: cluster.description,
    trialsEach: run.trials,
    length:
      run.records === undefined
        ? `${run.seconds} s after ${run.warmupSeconds} s of warm-up unless the workload says otherwise`
        : `${run.records.toLocaleString('en-US')} records after ${run.warmupSeconds} s of warm-up`,
    contenders: run.contenders.map(({ name, note, batchLingerMs: linger }) => ({
      name,
      note: linger === undefined ? note : `${note}; linger ${linger} ms for batches`,
    })),
    leftOut: contenders.filter((one) => !run.contenders.includes(one)).map(({ name }) => name),
    workloads: run.workloads.map((workload) => ({
      name: workload.name,
      title: workload.title,
      settings: settingsOf(workload),
    })),
    series: [],
  };
  try {
    if (cluster.fresh) await warmUp(cluster, run);
    for (const workload of run.workloads) {
      if (stopped) break;
      results.series.push(...(await runWorkload(cluster, workload, run, results.series)));
      // After every workload: a long run that is broken off keeps what it has.
      if (run.json) await write(run.json, `${JSON.stringify(results, null, 2)}\n`);
    }
  } finally {
    await cluster.close();
  }
  return results;
}

async function earlier(files: readonly string[]): Promise<RunResults> {
  const runs = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
  return joined(runs as [RunResults]);
}

async function main() {
  const run = parseArguments(process.argv.slice(2), contenders, workloads);
  if (run.list) return list();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopped = true;
      killRunningTrial();
    });
  }
  const results = run.from === undefined ? await runAll(run) : await earlier(run.from);
  const targets = verdictTable(verdicts(results));
  if (targets !== '') console.log(`Targets\n${targets}\n`);
  await write(run.html, html(results));
  console.log(`Tables and charts: ${path.relative('', run.html)}`);
  if (stopped) process.exit(130);
  if (run.write) {
    await write(path.join(__dirname, 'results.md'), markdown(results));
    const picture = overview(results);
    if (picture !== undefined) await write(path.join(__dirname, 'results.svg'), picture);
  }
  if (results.series.some(({ missing }) => missing?.includes('--kafka')))
    console.log('More clients run on a real Kafka, which --kafka starts (Java 17 and Maven are needed).');
  const failed = results.series.some(({ failures }) => failures.length > 0);
  process.exit(failed ? 1 : 0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
