// `millrace produce`: the records of a file or of standard input, into a topic.
import { type Command, Option } from 'commander';
import type { IngestFormat, IngestReject } from '../index';
import { EXIT_FAILED, EXIT_OK, UsageError } from './exit';
import { FailureLog } from './failure-log';
import { openInput } from './input';
import { Interruption } from './interruption';
import { openProducer, tellBrokerErrors } from './open-producer';
import { collectPair, integerFrom } from './option-values';
import { addProducerFlags, type ProducerFlags, toProducerOptions } from './producer-flags';
import { Progress } from './progress';
import { RejectsFile } from './rejects';
import { plural, summaryJson, summaryLine } from './summary';
import { Tally } from './tally';
import { openTargetCluster } from './target-cluster';

interface ProduceFlags extends ProducerFlags {
  topic: string;
  format?: IngestFormat;
  keyField?: string;
  headers?: [string, string][];
  partition?: number;
  rejects?: string;
  json?: true;
}

const HELP = `
Formats:
  ndjson  Each line is a value, byte for byte, and must be JSON. Blank lines are skipped.
          --key-field is a dotted path; objects become JSON, and null or nothing means no key.
  csv     The first row names the columns; each further row becomes a JSON object of strings.
          --key-field is a column; an empty cell means no key.
  lines   Each line is a value, byte for byte; an empty line is an empty value.
The ending of a line, \\n or \\r\\n, is not part of the value. By default the file's name decides:
.ndjson or .jsonl, .csv, and lines for anything else.

Exit code: 0 when every record was delivered, 1 when one was malformed or failed, 2 for a wrong
command line, 130 after Ctrl-C. Standard output has the summary, everything else is on stderr.`;

export function addProduceCommand(program: Command): void {
  const command = program
    .command('produce')
    .summary('produce the lines of a file or of standard input')
    .description('Produces the lines of FILE, or of standard input, into a topic.')
    .argument('[FILE]', 'what to read; - or nothing for standard input')
    .requiredOption('-t, --topic <topic>', 'where to')
    .addOption(
      new Option('-f, --format <format>', 'how the input is written').choices(['ndjson', 'csv', 'lines']),
    )
    .option('-k, --key-field <path>', 'the field that holds the key')
    .option('--headers <name=value>', 'a header for every record (can be repeated)', collectPair)
    .option('--partition <number>', 'the partition for every record', integerFrom(0))
    .option('--rejects <file>', 'write the lines that were malformed or failed there')
    .option('--json', 'print the summary as one JSON object')
    .addHelpText('after', HELP);
  addProducerFlags(command).action(async (file: string | undefined, flags: ProduceFlags) => {
    process.exitCode = await produce(file === undefined || file === '-' ? null : file, flags);
  });
}

async function produce(file: string | null, flags: ProduceFlags): Promise<number> {
  const { topic } = flags;
  const format = flags.format ?? guessFormat(file);
  const { keyField, partition, headers } = flags;
  if (format === 'lines' && keyField !== undefined) {
    throw new UsageError('--key-field needs --format ndjson or --format csv');
  }
  let rejects: RejectsFile | null = null;
  const input = await openInput(file);
  if (flags.rejects !== undefined) rejects = await RejectsFile.create(flags.rejects, input);
  const cluster = await openTargetCluster(flags.brokers, topic);
  try {
    const producer = await openProducer(toProducerOptions(flags, cluster.bootstrapServers));
    // Until here, a signal ends the process as it always does: there is nothing to lose yet.
    const interruption = new Interruption();
    const tally = new Tally();
    const progress = new Progress(tally, input.size);
    tellBrokerErrors(producer, (line) => progress.note(line));
    const failures = new FailureLog((line) => progress.note(line));
    interruption.stop.addEventListener('abort', () => {
      progress.note(
        `Stopping: waiting for ${plural(tally.inFlight, 'record')}; interrupt again to give up on them.`,
      );
    });
    // Closing without patience fails what is still on its way, so that every record gets its answer.
    interruption.giveUp.addEventListener('abort', () => void producer.close({ timeoutMs: 0 }));
    try {
      await producer.ingest(input.chunks(interruption.stop), {
        topic,
        format,
        key: keyField,
        partition,
        headers,
        rejects: async (reject) => {
          failures.add(reject.line, describe(reject));
          await rejects?.write([reject.data]);
        },
        onHeader: (header) => rejects?.setHeading(header),
        onProgress: (report) => {
          tally.set(report);
          progress.update(report.bytesRead);
        },
        signal: interruption.stop,
      });
    } finally {
      tally.stopClock();
      progress.stop();
      failures.finish();
      await producer.close();
      await rejects?.close();
      interruption.dispose();
    }
    const interrupted = interruption.exitCode !== null;
    const run = { topic, input: input.name, format, interrupted };
    const line = `${interrupted ? 'Interrupted: ' : ''}${summaryLine(tally)}`;
    process.stdout.write(`${flags.json ? summaryJson(run, tally) : line}\n`);
    return interruption.exitCode ?? (tally.errors > 0 ? EXIT_FAILED : EXIT_OK);
  } finally {
    await cluster.close();
  }
}

/** By the file's name. */
function guessFormat(file: string | null): IngestFormat {
  if (file === null) return 'lines';
  if (/\.(ndjson|jsonl)$/i.test(file)) return 'ndjson';
  return /\.csv$/i.test(file) ? 'csv' : 'lines';
}

function describe({ reason, persisted }: IngestReject): string {
  return persisted === 'possibly' ? `${reason} (the broker may have stored it all the same)` : reason;
}
