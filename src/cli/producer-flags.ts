// The flags that shape the producer, the same in every command that has one.
import { type Command, Option } from 'commander';
import type { ProducerOptions } from '../index';
import { OPTION_TABLE, type OptionRule } from '../options/option-table';
import {
  KEYLESS_PARTITIONINGS,
  type KeylessPartitioning,
  PARTITIONER_NAMES,
  type PartitionerName,
} from '../partition/partitioner';
import { addConnectionFlags, type Connection, type ConnectionFlags } from './config-file';

export interface ProducerFlags extends ConnectionFlags {
  acks: 'all' | '-1' | '0' | '1';
  compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  partitioner: PartitionerName;
  keyless: KeylessPartitioning;
}

export function addProducerFlags(command: Command): Command {
  return addConnectionFlags(command, 'brokers to start from (default: a cluster embedded in this process)')
    .addOption(
      new Option('--acks <acks>', 'which acknowledgements to wait for')
        .choices(['all', '-1', '0', '1'])
        .default('all'),
    )
    .addOption(
      new Option('--compression <codec>', 'how to compress batches')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .addOption(
      new Option('--partitioner <name>', 'how keys choose partitions')
        .choices(PARTITIONER_NAMES)
        .default('murmur2', 'murmur2, as the Java client'),
    )
    .addOption(
      new Option('--keyless <how>', 'where murmur2 puts records without a key')
        .choices(KEYLESS_PARTITIONINGS)
        .default('round-robin'),
    );
}

export function toProducerOptions(
  flags: ProducerFlags,
  { properties }: Connection,
  bootstrapServers: string,
): ProducerOptions {
  const options: ProducerOptions = {
    bootstrapServers,
    clientId: 'millrace-cli',
    // Somebody is waiting at a terminal.
    connectTimeoutMs: 10_000,
    acks: flags.acks === 'all' ? 'all' : (Number(flags.acks) as -1 | 0 | 1),
    compression: flags.compression,
    partitioner: flags.partitioner,
    keylessPartitioning: flags.keyless,
  };
  const librdkafka: Record<string, string> = {};
  for (const [property, value] of properties) {
    // Properties that the producer has an option for are taken as that option only.
    const row = OPTION_TABLE.find(
      (option) => option.property === property || option.aliases?.includes(property),
    );
    if (row) Object.assign(options, { [row.name]: asOptionValue(row.rule.kind, value) });
    else librdkafka[property] = value;
  }
  return { ...options, librdkafka };
}

/** Text that is not of the kind stays text: the producer says what it expects instead. */
function asOptionValue(kind: OptionRule['kind'], text: string): string | number | boolean {
  if (kind === 'boolean') return text === 'true' || (text === 'false' ? false : text);
  const mayBeNumber = kind === 'integer' || kind === 'number' || kind === 'choice';
  return mayBeNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
