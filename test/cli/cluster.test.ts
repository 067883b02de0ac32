// `millrace cluster`: a cluster other programs can use, for as long as it runs.
import { describe, expect, it } from 'vitest';
import { kafkaJs } from '../broker/kafkajs-client';
import { startCli } from './run-cli';

async function startCluster(...args: string[]) {
  const cli = startCli('cluster', ...args);
  await cli.printed('\n');
  return cli;
}

describe('millrace cluster', () => {
  it.each([['SIGINT'], ['SIGTERM']] as const)('prints its servers and runs until %s', async (signal) => {
    const { child, ended } = await startCluster('--brokers', '2', '--topic', 'a:3', '--topic', 'b');
    let printed = '';
    child.stdout?.on('data', (text) => {
      printed += text;
    });
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr, printed }).toEqual({ code: 0, stderr: '', printed: '' });
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\n$/);
  });

  it('has the topics asked for, and ends with its standard input', async () => {
    const cli = startCli('cluster', '--until-stdin-end', '--topic', 'a:3', '--topic', 'b');
    const servers = new Promise<string>((resolve) =>
      cli.child.stdout?.once('data', (text) => resolve(String(text))),
    );
    const admin = kafkaJs((await servers).trim()).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['a', 'b'] });
    expect(topics.map(({ name, partitions }) => [name, partitions.length]).sort()).toEqual([
      ['a', 3],
      ['b', 12],
    ]);
    await admin.disconnect();
    cli.child.stdin?.end();
    expect((await cli.ended).code).toBe(0);
  });
});
