// Which of a file's properties, flags and -X says what the producer gets.
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { type ConnectionFlags, readConnection } from '../../src/cli/config-file';
import { addProducerFlags, toProducerOptions } from '../../src/cli/producer-flags';
import { ScratchDirectory } from './scratch-directory';

const scratch = new ScratchDirectory();

async function optionsOf(file: string, ...args: string[]) {
  const command = addProducerFlags(new Command());
  command.parse(['--config', scratch.write('client.properties', file), ...args], { from: 'user' });
  const flags = command.opts<ConnectionFlags>();
  return toProducerOptions(flags, await readConnection(flags), 'a:1');
}

it('without any, the options are the producer’s own defaults', async () => {
  expect(await optionsOf('')).toEqual({
    bootstrapServers: 'a:1',
    clientId: 'millrace-cli',
    connectTimeoutMs: 10_000,
    librdkafka: {},
  });
});

it('the file says what no flag does', async () => {
  expect(await optionsOf('acks=1\ncompression.codec=lz4\nsasl.username=me\n')).toMatchObject({
    acks: 1,
    compression: 'lz4',
    librdkafka: { 'sasl.username': 'me' },
  });
});

it('a flag wins over the file, -X over both', async () => {
  const file = 'acks=0\nlinger.ms=7\ncompression.codec=lz4\nsasl.username=me\n';
  const args = [
    '--acks',
    'all',
    '--compression',
    'gzip',
    '-X',
    'compression.codec=snappy',
    '-X',
    'sasl.username=you',
  ];
  expect(await optionsOf(file, ...args)).toMatchObject({
    acks: 'all',
    lingerMs: 7,
    compression: 'snappy',
    librdkafka: { 'sasl.username': 'you' },
  });
});

it('brokers likewise', async () => {
  const brokersOf = async (file: string, ...args: string[]) => {
    const command = addProducerFlags(new Command());
    command.parse(['--config', scratch.write('brokers.properties', file), ...args], { from: 'user' });
    return (await readConnection(command.opts<ConnectionFlags>())).brokers;
  };
  const file = 'bootstrap.servers=file:1\n';
  expect(await brokersOf(file)).toBe('file:1');
  expect(await brokersOf(file, '--brokers', 'flag:1')).toBe('flag:1');
  expect(await brokersOf(file, '--brokers', 'flag:1', '-X', 'bootstrap.servers=said:1')).toBe('said:1');
});

it('every flag is taken', async () => {
  expect(await optionsOf('', '--acks', '1', '--partitioner', 'fnv1a', '--keyless', 'sticky')).toMatchObject({
    acks: 1,
    partitioner: 'fnv1a',
    keylessPartitioning: 'sticky',
  });
});
