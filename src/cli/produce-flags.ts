// The flags of `millrace produce` beside the producer's, and what they ask of an ingestion.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { IngestFormat, IngestOptions } from '../index';
import { UsageError } from './exit';
import { collectPair, integerFrom } from './option-values';
import { addProducerFlags, type ProducerFlags } from './producer-flags';

export interface ProduceFlags extends ProducerFlags {
  topic: string;
  format?: IngestFormat;
  keyField?: string;
  valueField?: string;
  timestampField?: string;
  columns?: string[];
  module?: string;
  moduleExport?: string;
  moduleOptions?: unknown;
  headers?: [string, string][];
  partition?: number;
  startOffset?: number;
  rejects?: string;
  json?: true;
}

const HELP = `
Formats:
  ndjson  Each line is a value, byte for byte, and must be JSON. Blank lines are skipped.
          Fields are dotted paths; objects become JSON, and null or nothing means no key.
  csv     The first row names the columns; each further row becomes a JSON object of strings.
          Fields are columns; an empty cell means no key.
  lines   Each line is a value, byte for byte; an empty line is an empty value.
The ending of a line, \\n or \\r\\n, is not part of the value. By default the file's name decides:
.ndjson or .jsonl, .csv, and lines for anything else. --module names a file or a package that makes
the records of the lines: docs/workers.md says how.

Lines that were malformed or failed are told, and written to --rejects, in the order of the input.
To go on where an earlier run ended, give the committedOffset of its --json as --start-offset: it is
where the first line begins that was given up, if there was no file for --rejects to keep it. A CSV
file then needs --columns. The file for --rejects is added to in that case, and else made anew.

Exit code: 0 when every record was delivered, 1 when one was malformed or failed, 2 for a wrong
command line, 130 after Ctrl-C, 143 after SIGTERM. Standard output has the summary, everything else
is on stderr.`;

export function addProduceFlags(command: Command): Command {
  const withOwn = command
    .requiredOption('-t, --topic <topic>', 'where to')
    .addOption(
      new Option('-f, --format <format>', 'how the input is written').choices(['ndjson', 'csv', 'lines']),
    )
    .option('-k, --key-field <path>', 'the field that holds the key')
    .option('--value-field <path>', 'the field that holds the value (default: the whole line)')
    .option(
      '--timestamp-field <path>',
      'the field that holds the timestamp: milliseconds since the epoch, or a date',
    )
    .option('--columns <names>', "a CSV input's columns, comma-separated, when it has no header", namesOf)
    .addOption(
      new Option('--module <path>', 'a module that makes the records of the lines').conflicts([
        'format',
        'keyField',
        'valueField',
        'timestampField',
      ]),
    )
    .option('--module-export <name>', "the module's export (default: its default)")
    .option('--module-options <json>', "what the module's export is called with", jsonOf)
    .option('--headers <name=value>', 'a header for every record (can be repeated)', collectPair)
    .option('--partition <number>', 'the partition for every record', integerFrom(0))
    .option(
      '--start-offset <bytes>',
      'where in FILE to begin; of standard input, where it begins in what it is the rest of',
      integerFrom(0),
    )
    .option('--rejects <file>', 'write the lines that were malformed or failed there')
    .option('--json', 'print the summary as one JSON object')
    .addHelpText('after', HELP);
  return addProducerFlags(withOwn);
}

export function toIngestOptions(flags: ProduceFlags, file: string | null) {
  const { topic, module, moduleExport, moduleOptions, headers, partition, startOffset, columns } = flags;
  const { keyField, valueField, timestampField } = flags;
  const format = flags.format ?? guessFormat(file);
  const fields = {
    '--key-field': keyField,
    '--value-field': valueField,
    '--timestamp-field': timestampField,
  };
  for (const [flag, value] of Object.entries(fields)) {
    if (value !== undefined && format === 'lines') {
      throw new UsageError(`${flag} needs --format ndjson or --format csv`);
    }
  }
  if (columns !== undefined && (format !== 'csv' || module !== undefined)) {
    throw new UsageError('--columns needs --format csv');
  }
  if (module === undefined && (moduleExport !== undefined || moduleOptions !== undefined)) {
    throw new UsageError('--module-export and --module-options need --module');
  }
  return {
    topic,
    format:
      module === undefined
        ? format
        : { module: moduleAt(module), export: moduleExport, options: moduleOptions },
    key: keyField,
    value: valueField,
    timestamp: timestampField,
    columns,
    headers,
    partition,
    startOffset,
  } satisfies IngestOptions;
}

/** For the summary. */
export function formatName(flags: ProduceFlags, file: string | null): string {
  return flags.module ?? flags.format ?? guessFormat(file);
}

/** By the file's name. */
function guessFormat(file: string | null): IngestFormat {
  if (file === null) return 'lines';
  if (/\.(ndjson|jsonl)$/i.test(file)) return 'ndjson';
  return /\.csv$/i.test(file) ? 'csv' : 'lines';
}

/** On a command line, files need no ./ before their names. */
function moduleAt(text: string): string {
  return existsSync(text) ? path.resolve(text) : text;
}

function namesOf(text: string): string[] {
  return text.split(',');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Expected JSON.');
  }
}
