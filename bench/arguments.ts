// The command line of `npm run bench`, and what it means for a run.
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Contender } from './contenders/contender';
import type { Workload } from './workloads';

export interface BenchArguments {
  contenders: Contender[];
  workloads: Workload[];
  trials: number;
  warmupSeconds: number;
  /** Measured time, where the workload has none of its own or the command line says so. */
  seconds: number;
  secondsOrdered: boolean;
  /** Measured records, instead of any time. */
  records?: number;
  /** Instead of the workload's. */
  lingerMs?: number;
  /** Where to produce to: a cluster that is there, a Kafka to be started, or (neither) the embedded cluster. */
  brokers?: string;
  kafka: boolean;
  json?: string;
  html: string;
  /** Write bench/results.md and bench/results.svg. */
  write: boolean;
  /** Report earlier runs, from the files that `--json` wrote, instead of running. */
  from?: string[];
  list: boolean;
}

/** Git does not see it; the next run writes it anew. */
const HTML = path.join(__dirname, 'results', 'report.html');

interface Options {
  only?: string[];
  workload?: string[];
  all?: boolean;
  long?: boolean;
  quick?: boolean;
  trials?: number;
  seconds?: number;
  warmup?: number;
  records?: number;
  linger?: number;
  json?: string;
  html: string;
  kafka?: boolean;
  brokers?: string;
  list?: boolean;
  write?: boolean;
  from?: string[];
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0.');
  return value;
}

function notNegative(text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0)) throw new InvalidArgumentError('must be a number of 0 or more.');
  return value;
}

const names = (text: string) => text.split(',');

export function benchCommand(): Command {
  return new Command('bench')
    .description('Produces with every contender and compares; by default to the embedded cluster.')
    .option('--only <names>', 'contenders, separated by commas', names)
    .option('--workload <names>', 'workloads, separated by commas (default: the core ones)', names)
    .option('--all', 'all workloads but the long ones')
    .option('--long', 'the long workloads too: 5 minutes on end, 10⁵ to 10⁸ records')
    .option('--quick', '3 short trials instead of 5')
    .option('--trials <n>', 'trials of each contender in each workload', positive)
    .option('--seconds <n>', 'measured time of a trial', positive)
    .option('--warmup <n>', 'seconds of warm-up before it', positive)
    .option('--records <n>', 'measured records of a trial, instead of a time', positive)
    .option('--linger <ms>', "linger, instead of the workload's", notNegative)
    .option('--json <file>', 'write every trial to this file')
    .option('--html <file>', 'where to write the report with charts', path.relative('', HTML))
    .option('--kafka', 'produce to a local Apache Kafka, started for this run')
    .option('--brokers <list>', 'produce to this cluster (host:port,...)')
    .option('--write', 'write bench/results.md and bench/results.svg')
    .option('--from <files>', 'report the runs that --json wrote to these files, instead of running', names)
    .option('--list', 'list contenders and workloads');
}

/** `argv` without the program's own two. @throws CommanderError after `command.exitOverride()`; exits without it */
export function parseArguments(
  argv: readonly string[],
  contenders: Contender[],
  workloads: Workload[],
  command = benchCommand(),
): BenchArguments {
  const options = command.parse(argv, { from: 'user' }).opts<Options>();
  const chosen = <T extends { name: string }>(all: T[], wanted: string[], what: string): T[] => {
    const unknown = wanted.find((name) => !all.some((one) => one.name === name));
    if (unknown !== undefined) command.error(`There is no ${what} ${unknown}; --list tells which there are.`);
    return all.filter(({ name }) => wanted.includes(name));
  };
  if (options.kafka && options.brokers !== undefined)
    command.error('--kafka and --brokers exclude each other.');
  const given = options.workload && chosen(workloads, options.workload, 'workload');
  const unpaced = given?.find(({ pace }) => pace && !given.some(({ name }) => name === pace.of));
  if (unpaced) {
    const { name, pace } = unpaced;
    command.error(`Workload ${name} takes its pace from ${pace?.of}: name both.`);
  }
  const { quick = false, all = false, long = false } = options;
  const inRun = ({ set }: Workload) => set === 'core' || (set === 'all' && all) || (set === 'long' && long);
  return {
    contenders: options.only ? chosen(contenders, options.only, 'contender') : contenders,
    workloads: given ?? workloads.filter(inRun),
    trials: Math.ceil(options.trials ?? (quick ? 3 : 5)),
    warmupSeconds: options.warmup ?? (quick ? 1 : 2),
    seconds: options.seconds ?? (quick ? 2 : 6),
    secondsOrdered: options.seconds !== undefined,
    records: options.records === undefined ? undefined : Math.ceil(options.records),
    lingerMs: options.linger,
    brokers: options.brokers,
    kafka: options.kafka ?? false,
    json: options.json,
    html: options.html,
    write: options.write ?? false,
    from: options.from,
    list: options.list ?? false,
  };
}

/** How long a trial of this workload is: the command line comes before the workload. */
export function lengthOf(
  run: Pick<BenchArguments, 'seconds' | 'secondsOrdered' | 'records'>,
  workload: Workload,
): { seconds: number; records?: number } {
  if (run.records !== undefined) return { seconds: run.seconds, records: run.records };
  if (run.secondsOrdered) return { seconds: run.seconds };
  return { seconds: workload.seconds ?? run.seconds, records: workload.records };
}
