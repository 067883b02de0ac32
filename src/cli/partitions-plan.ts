// `millrace partitions plan`: what adding partitions to a topic does to its keys.
import { type Command, Option } from 'commander';
import { chunksOf } from '../ingest/source';
import { measureGrowth } from '../partition/growth-plan';
import { partitionForKey } from '../partition/murmur2';
import { addConnectionFlags, type ConnectionFlags, readConnection } from './config-file';
import { EXIT_OK, orErrorAsJson, UsageError } from './exit';
import { findInput } from './input';
import { type KeyCounts, keysOfLines } from './key-counts';
import { integerFrom } from './option-values';
import { type GrowthReport, growthJson, growthText } from './partitions-plan-report';
import type { TopicKeys } from './topic-keys';

interface PlanFlags extends ConnectionFlags {
  from?: number;
  to: number;
  keys?: string;
  topic?: string;
  sample: number;
  json?: true;
}

/** Far above what a cluster can have; lists of this length are still nothing. */
const MOST_PARTITIONS = 1_000_000;

const HELP = `
Only records placed by their key are considered: murmur2 modulo the partition count, as the Java client and Millrace
place them. Records without key and with a partition of their own have no place to lose.

--keys reads a key a line; a key that comes several times counts as that many records. --topic reads the newest
records of a topic, of each partition in proportion to what it holds, without joining a group.`;

export function addPartitionsCommand(program: Command): void {
  const command = program
    .command('partitions')
    .summary('plan the growth of a topic')
    .description("Tells about a topic's partitions.")
    .command('plan')
    .summary('what adding partitions does to the keys')
    .description(
      'Tells how many keys change their partition when a topic grows, and how the load then spreads.',
    )
    .option('--from <number>', "today's partition count (default with --topic: the topic's)", integerFrom(1))
    .requiredOption('--to <number>', 'the partition count to grow to', integerFrom(1))
    .addOption(
      new Option('--keys <file>', 'a file with a key a line; - for standard input').conflicts('topic'),
    )
    .option('-t, --topic <topic>', 'a topic whose newest records tell the keys')
    .option('--sample <records>', 'how many records of the topic to read at most', integerFrom(1), 100_000)
    .option('--json', 'print the plan as one JSON object')
    .addHelpText('after', HELP);
  addConnectionFlags(command, 'brokers to start from, for --topic').action(async (flags: PlanFlags) => {
    process.exitCode = await orErrorAsJson(
      flags.json,
      () => ({ topic: flags.topic }),
      () => plan(flags),
    );
  });
}

async function plan(flags: PlanFlags): Promise<number> {
  const topic = flags.topic === undefined ? null : await keysOfTopic(flags.topic, flags);
  const from = flags.from ?? topic?.partitions;
  const { to } = flags;
  if (from === undefined) throw new UsageError('--from is needed where no --topic tells it');
  if (to <= from)
    throw new UsageError(`--to must be above ${from}: a topic's partitions can only be added to`);
  if (to > MOST_PARTITIONS) throw new UsageError(`--to must be at most ${MOST_PARTITIONS}`);
  const keys = topic?.keys ?? (flags.keys === undefined ? null : await keysOfFile(flags.keys));
  const report: GrowthReport = {
    from,
    to,
    measured: keys === null || keys.isEmpty ? null : measureGrowth(keys, from, to),
    topic: topic && { ...topic, name: flags.topic as string },
  };
  process.stdout.write(`${flags.json ? growthJson(report) : growthText(report)}\n`);
  return EXIT_OK;
}

async function keysOfTopic(topic: string, flags: PlanFlags): Promise<TopicKeys> {
  const { brokers, file, said } = await readConnection(flags);
  if (brokers === undefined) throw new UsageError('--topic needs --brokers');
  // node-rdkafka is loaded only where it is needed: it takes a tenth of a second.
  const { readTopicKeys } = await import('./topic-keys.js');
  return readTopicKeys(
    {
      brokers,
      topic,
      sample: flags.sample,
      properties: Object.fromEntries([...file, ...said]),
    },
    (key, partition, count) => partitionForKey(key, count) === partition,
  );
}

async function keysOfFile(file: string): Promise<KeyCounts> {
  const input = await findInput(file === '-' ? null : file);
  const keys = await keysOfLines(chunksOf(input.source, 0, new AbortController().signal, () => {}));
  if (keys.isEmpty) throw new UsageError(`${input.name} has no keys: it is empty`);
  return keys;
}
