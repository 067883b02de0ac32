// librdkafka's properties from a file, where a command line would show them to everybody who can list processes.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { describeFileError } from '../ingest/reject-sink';
import { UsageError } from './exit';
import { collectProperty } from './option-values';

type Property = [name: string, value: string];

export interface ConnectionFlags {
  brokers?: string;
  config?: string;
  X?: Property[];
}

/** What a command needs to reach brokers. */
export interface Connection {
  /** undefined: nobody named any. */
  brokers: string | undefined;
  /** Those of the file, which any flag wins over. */
  file: Property[];
  /** Those of -X. */
  said: Property[];
}

const BROKERS: readonly string[] = ['bootstrap.servers', 'metadata.broker.list'];

export function addConnectionFlags(command: Command, brokers: string): Command {
  return command
    .option('-b, --brokers <host:port,...>', brokers)
    .option(
      '-F, --config <file>',
      "librdkafka properties, a name=value a line, # for comments, as kcat's -F: the place for passwords, which a " +
        'command line shows to everybody on the machine; other flags win over it',
    )
    .option(
      '-X <name=value>',
      'any librdkafka property, e.g. -X linger.ms=5 (can be repeated); wins over other flags',
      collectProperty,
    );
}

/** Brokers: -X wins over --brokers, as over every flag, and that over the file. @throws UsageError, which quotes no line */
export async function readConnection(flags: ConnectionFlags): Promise<Connection> {
  const file = flags.config === undefined ? [] : await readProperties(flags.config);
  const said = flags.X ?? [];
  const brokersOf = (properties: readonly Property[]) =>
    properties.filter(([name]) => BROKERS.includes(name)).at(-1)?.[1];
  const others = ([name]: Property) => !BROKERS.includes(name);
  return {
    brokers: brokersOf(said) ?? flags.brokers ?? brokersOf(file),
    file: file.filter(others),
    said: said.filter(others),
  };
}

async function readProperties(file: string): Promise<Property[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${file}: ${describeFileError(error)}`);
  });
  return text.split(/\r?\n/).flatMap((line, i): Property[] => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const at = trimmed.indexOf('=');
    if (at < 1) throw new UsageError(`${file}, line ${i + 1}: expected name=value`);
    return [[trimmed.slice(0, at).trimEnd(), trimmed.slice(at + 1).trimStart()]];
  });
}
