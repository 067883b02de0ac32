// `millrace perf`: a synthetic load, measured.
import type { Command } from 'commander';
import { readConnection } from './config-file';
import { EXIT_FAILED, EXIT_OK, orErrorAsJson } from './exit';
import { Interruption } from './interruption';
import { makeTopic } from './make-topic';
import { openProducer, tellBrokerErrors } from './open-producer';
import { integerFrom } from './option-values';
import { perfJson, perfText } from './perf-report';
import { runLoad } from './perf-run';
import { addProducerFlags, type ProducerFlags, toProducerOptions } from './producer-flags';
import { Progress } from './progress';
import { SyntheticRecords } from './synthetic-records';
import { Tally } from './tally';
import { openTargetCluster } from './target-cluster';

interface PerfFlags extends ProducerFlags {
  topic: string;
  records: number;
  size: number;
  throughput: number;
  batch: number;
  inFlight: number;
  keys: number;
  partitions?: number;
  json?: true;
}

export function addPerfCommand(program: Command): void {
  const command = program
    .command('perf')
    .summary('measure throughput, latency and CPU time under a synthetic load')
    .description("Sends synthetic records and measures, as Kafka's kafka-producer-perf-test does.")
    .requiredOption('-t, --topic <topic>', 'where to')
    .requiredOption('-n, --records <number>', 'how many records', integerFrom(1))
    .requiredOption('-s, --size <bytes>', "each value's size", integerFrom(0))
    .option(
      '--throughput <records/s>',
      'no more than this; -1 for as many as possible',
      integerFrom(1, -1),
      -1,
    )
    .option('--batch <records>', 'records per call; fewer when --throughput is low', integerFrom(1), 1_000)
    .option('--in-flight <calls>', 'calls that may be unanswered at once', integerFrom(1), 20)
    .option('--keys <number>', 'distinct keys; 0 for records without key', integerFrom(0), 100_000)
    .option('--partitions <number>', 'make the topic with so many, unless it is there', integerFrom(1))
    .option('--json', 'print the results as one JSON object');
  addProducerFlags(command).action(async (flags: PerfFlags) => {
    const { topic, json } = flags;
    process.exitCode = await orErrorAsJson(
      json,
      () => ({ topic }),
      () => perf(flags),
    );
  });
}

async function perf(flags: PerfFlags): Promise<number> {
  const { topic, records, size, throughput, batch, inFlight } = flags;
  const load = { records, valueBytes: size, throughput, batch, inFlight };
  const source = new SyntheticRecords(topic, size, flags.keys);
  const connection = await readConnection(flags);
  const cluster = await openTargetCluster(connection.brokers, topic, flags.partitions);
  try {
    const options = toProducerOptions(flags, connection, cluster.bootstrapServers);
    const producer = await openProducer(options);
    // Until here, a signal ends the process as it always does: there is nothing to lose yet.
    const interruption = new Interruption();
    interruption.giveUp.addEventListener('abort', () => void producer.close({ timeoutMs: 0 }));
    const tally = new Tally();
    const progress = new Progress(tally, records);
    tellBrokerErrors(producer, (line) => progress.note(line));
    try {
      if (flags.partitions !== undefined && !cluster.embedded) {
        await makeTopic(options, topic, flags.partitions);
      }
      tally.startClock();
      const measured = await runLoad({
        load,
        source,
        producer,
        tally,
        onProgress: () => progress.update(tally.delivered + tally.failed),
        stop: interruption.stop,
      });
      progress.stop();
      const interrupted = interruption.exitCode !== null;
      const outcome = { topic, load, tally, measured, embedded: cluster.embedded, interrupted };
      process.stdout.write(`${flags.json ? perfJson(outcome) : perfText(outcome)}\n`);
      return interruption.exitCode ?? (tally.failed > 0 ? EXIT_FAILED : EXIT_OK);
    } finally {
      progress.stop();
      await producer.close();
      interruption.dispose();
    }
  } finally {
    await cluster.close();
  }
}
