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
  acks?: 'all' | '-1' | '0' | '1';
  compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  partitioner?: PartitionerName;
  keyless?: KeylessPartitioning;
}

export function addProducerFlags(command: Command): Command {
  return (
    addConnectionFlags(command, 'brokers to start from (default: a cluster embedded in this process)')
      // Without defaults of their own: what is not said may be in the file.
      .addOption(
        new Option('--acks <acks>', 'which acknowledgements to wait for (default: all)').choices([
          'all',
          '-1',
          '0',
          '1',
        ]),
      )
      .addOption(
        new Option('--compression <codec>', 'how to compress batches (default: none)').choices([
          'none',
          'gzip',
          'snappy',
          'lz4',
          'zstd',
        ]),
      )
      .addOption(
        new Option(
          '--partitioner <name>',
          'how keys choose partitions (default: murmur2, as the Java client)',
        ).choices(PARTITIONER_NAMES),
      )
      .addOption(
        new Option(
          '--keyless <how>',
          'where murmur2 puts records without a key (default: round-robin)',
        ).choices(KEYLESS_PARTITIONINGS),
      )
  );
}

export function toProducerOptions(
  flags: ProducerFlags,
  { file, said }: Connection,
  bootstrapServers: string,
): ProducerOptions {
  const options: ProducerOptions = {
    bootstrapServers,
    clientId: 'millrace-cli',
    // Somebody is waiting at a terminal.
    connectTimeoutMs: 10_000,
  };
  const librdkafka: Record<string, string> = {};
  const take = (properties: Connection['file']) => {
    for (const [property, value] of properties) {
      // Properties that the producer has an option for are taken as that option only.
      const row = OPTION_TABLE.find(
        (option) => option.property === property || option.aliases?.includes(property),
      );
      if (row) Object.assign(options, { [row.name]: asOptionValue(row.rule.kind, value) });
      else librdkafka[property] = value;
    }
  };
  take(file);
  const { acks, compression, partitioner, keyless } = flags;
  if (acks !== undefined) options.acks = acks === 'all' ? acks : (Number(acks) as -1 | 0 | 1);
  if (compression !== undefined) options.compression = compression;
  if (partitioner !== undefined) options.partitioner = partitioner;
  if (keyless !== undefined) options.keylessPartitioning = keyless;
  take(said);
  return { ...options, librdkafka };
}

/** Text that is not of the kind stays text: the producer says what it expects instead. */
function asOptionValue(kind: OptionRule['kind'], text: string): string | number | boolean {
  if (kind === 'boolean') return text === 'true' || (text === 'false' ? false : text);
  const mayBeNumber = kind === 'integer' || kind === 'number' || kind === 'choice';
  return mayBeNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
