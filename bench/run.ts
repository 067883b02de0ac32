// `npm run bench`: runs contenders over workloads, a fresh process and topic for every trial, and reports.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import type { Contender } from './contenders/contender';
import { contenders } from './contenders/list';
import { readBack } from './read-back';
import { describeMachine, markdown, type Run, type Series, table } from './report';
import { killRunningTrial, runTrial } from './run-trial';
import { openCluster, type TargetCluster } from './target-cluster';
import { BATCH_BYTES, BUFFER_BYTES, type TrialResult, type TrialSpec } from './trial';
import { type Workload, workloads } from './workloads';

interface Options {
  only?: string[];
  workload?: string[];
  quick?: boolean;
  trials?: number;
  seconds?: number;
  warmup?: number;
  records?: number;
  linger?: number;
  json?: string;
  kafka?: boolean;
  brokers?: string;
  list?: boolean;
  write?: boolean;
}

type Settings = Pick<TrialSpec, 'warmupSeconds' | 'seconds' | 'records'> & {
  trials: number;
  linger?: number;
};

// Lets the broker finish what the last trial left to it: deleting files, above all.
const PAUSE_MS = 500;

/** Set by Ctrl-C: the running trial is killed, no other begins, and the cluster is closed on the way out. */
let stopped = false;

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0.');
  return value;
}

function notNegative(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('must be a number of 0 or more.');
  return value;
}

const names = (text: string) => text.split(',');

const cli = new Command('bench')
  .description('Produces with every contender and compares; by default to the embedded cluster.')
  .option('--only <names>', 'contenders, separated by commas', names)
  .option('--workload <names>', 'workloads, separated by commas', names)
  .option('--quick', '3 short trials instead of 5')
  .option('--trials <n>', 'trials of each contender in each workload', positive)
  .option('--seconds <n>', 'measured time of a trial', positive)
  .option('--warmup <n>', 'seconds of warm-up before it', positive)
  .option('--records <n>', 'measured records of a trial, instead of a time', positive)
  .option('--linger <ms>', "linger, instead of the workload's", notNegative)
  .option('--json <file>', 'write every trial to this file')
  .option('--kafka', 'produce to a local Apache Kafka, started for this run')
  .option('--brokers <list>', 'produce to this cluster (host:port,...)')
  .option('--write', 'write bench/results.md')
  .option('--list', 'list contenders and workloads');

function chosen<T extends { name: string }>(all: T[], wanted: string[] | undefined, what: string): T[] {
  const unknown = wanted?.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) cli.error(`There is no ${what} ${unknown}; --list tells which there are.`);
  return wanted ? all.filter(({ name }) => wanted.includes(name)) : all;
}

function list(): void {
  console.log('Contenders:');
  for (const { name, note, missing } of contenders) {
    const why = missing?.();
    console.log(`  ${name.padEnd(24)}${why ?? note}`);
  }
  console.log('Workloads:');
  for (const { name, title } of workloads) console.log(`  ${name.padEnd(24)}${title}`);
}

async function trial(
  cluster: TargetCluster,
  workload: Workload,
  contender: Contender,
  settings: Settings,
): Promise<TrialResult> {
  const topic = `bench-${workload.name}-${contender.name}-${randomBytes(4).toString('hex')}`;
  const { warmupSeconds, seconds, records, linger } = settings;
  const brokers = await cluster.openTopic(topic, workload.partitions);
  try {
    const command = contender.command({
      contender: contender.name,
      workload,
      brokers,
      topic,
      warmupSeconds,
      seconds,
      records,
      lingerMs: linger ?? workload.lingerMs,
      batchBytes: BATCH_BYTES,
      bufferBytes: BUFFER_BYTES,
    });
    const timeoutSeconds = records ? 600 : (warmupSeconds + seconds) * 3 + 60;
    const result = await runTrial(command, timeoutSeconds);
    await readBack(brokers, topic, workload, result.recordsSent, workload.keyed && !contender.dropsKeys);
    return result;
  } finally {
    await cluster.dropTopic(topic);
    await sleep(PAUSE_MS);
  }
}

/** Compiles what must be compiled; what cannot run is told in its series and left out. */
async function ready(cluster: TargetCluster, workload: Workload, all: Contender[]): Promise<Series[]> {
  const series: Series[] = [];
  for (const { name, missing, needsRealKafka, prepare, supports } of all) {
    if (supports && !supports(workload)) continue;
    const one: Series = { workload: workload.name, contender: name, trials: [], failures: [] };
    one.missing = needsRealKafka && !cluster.real ? 'not run: needs a real Kafka (--kafka)' : missing?.();
    try {
      if (one.missing === undefined) await prepare?.();
    } catch (error) {
      one.missing = `not built: ${messageOf(error)}`;
    }
    if (one.missing) console.error(`${name}: ${one.missing}`);
    series.push(one);
  }
  return series;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function runWorkload(cluster: TargetCluster, workload: Workload, all: Contender[], settings: Settings) {
  const series = await ready(cluster, workload, all);
  const running = series.filter(({ missing }) => missing === undefined);
  const bar = new SingleBar({
    format: `${workload.name} [{bar}] {value}/{total} {contender}`,
    stopOnComplete: true,
  });
  bar.start(settings.trials * running.length, 0, { contender: '' });
  for (let round = 0; round < settings.trials; round++) {
    // Taking turns: a disturbance of the machine then falls on all of them.
    for (const one of running) {
      if (stopped) break;
      bar.update({ contender: one.contender });
      const contender = all.find(({ name }) => name === one.contender)!;
      try {
        one.trials.push(await trial(cluster, workload, contender, settings));
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
  console.log(`\n${workload.name}: ${workload.title}\n${table(series)}\n`);
  return series;
}

async function main() {
  const options = cli.parse().opts<Options>();
  if (options.list) return list();
  const wantedContenders = chosen(contenders, options.only, 'contender');
  const wantedWorkloads = chosen(workloads, options.workload, 'workload');
  const settings: Settings = {
    trials: Math.ceil(options.trials ?? (options.quick ? 3 : 5)),
    warmupSeconds: options.warmup ?? (options.quick ? 1 : 2),
    seconds: options.seconds ?? (options.quick ? 2 : 6),
    records: options.records && Math.ceil(options.records),
    linger: options.linger,
  };

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopped = true;
      killRunningTrial();
    });
  }
  const cluster = await openCluster(options);
  const run: Run = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    cluster: cluster.description,
    trialsEach: settings.trials,
    length: settings.records
      ? `${settings.records.toLocaleString('en-US')} records after ${settings.warmupSeconds} s of warm-up`
      : `${settings.seconds} s after ${settings.warmupSeconds} s of warm-up`,
    series: [],
  };
  try {
    for (const workload of wantedWorkloads) {
      if (stopped) break;
      run.series.push(...(await runWorkload(cluster, workload, wantedContenders, settings)));
      // After every workload: a long run that is broken off keeps what it has.
      if (options.json) await writeFile(options.json, `${JSON.stringify(run, null, 2)}\n`);
    }
  } finally {
    await cluster.close();
  }
  if (stopped) process.exit(130);
  if (options.write) {
    await writeFile(path.join(__dirname, 'results.md'), markdown(run, wantedWorkloads, wantedContenders));
  }
  const failed = run.series.some(({ failures }) => failures.length > 0);
  process.exit(failed ? 1 : 0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
