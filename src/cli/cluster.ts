// `millrace cluster`: the embedded cluster, for as long as it is wanted.
import type { Command } from 'commander';
import { EmbeddedCluster } from '../testing';
import { collectTopics, integerFrom, type TopicSpec } from './option-values';
import { EMBEDDED_PARTITIONS } from './target-cluster';

interface ClusterFlags {
  brokers: number;
  topic?: TopicSpec[];
  untilStdinEnd?: true;
}

export function addClusterCommand(program: Command): void {
  program
    .command('cluster')
    .summary('run an embedded cluster, for trying things out')
    .description(
      'Runs a small cluster in this process, for trying things out and for tests, and prints its bootstrap\n' +
        'servers. It keeps only the newest records of each partition, and only in memory.',
    )
    .option('--brokers <number>', 'how many brokers', integerFrom(1), 3)
    .option(
      '--topic <name:partitions>',
      `a topic to begin with; ${EMBEDDED_PARTITIONS} partitions unless given (can be repeated)`,
      collectTopics(EMBEDDED_PARTITIONS),
    )
    .option(
      '--until-stdin-end',
      'end when standard input does, e.g. with the process that holds its other end',
    )
    .action(runCluster);
}

async function runCluster(flags: ClusterFlags): Promise<void> {
  const cluster = await EmbeddedCluster.start({ brokers: flags.brokers, topics: flags.topic ?? [] });
  const ended = untilEnd(flags.untilStdinEnd === true);
  process.stdout.write(`${cluster.bootstrapServers}\n`);
  if (process.stderr.isTTY && !flags.untilStdinEnd) process.stderr.write('Ctrl-C ends it.\n');
  await ended;
  await cluster.close();
}

function untilEnd(watchStdin: boolean): Promise<void> {
  return new Promise((resolve) => {
    // The cluster's own threads do not keep the process alive.
    const keepAlive = setInterval(() => {}, 1 << 30);
    const end = () => {
      clearInterval(keepAlive);
      process.off('SIGINT', end).off('SIGTERM', end);
      if (watchStdin) process.stdin.destroy();
      resolve();
    };
    process.on('SIGINT', end).on('SIGTERM', end);
    if (watchStdin) process.stdin.on('end', end).on('close', end).resume();
  });
}
