// Where trials produce to: a Kafka that is there, one started here, or the embedded cluster in its own process.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { RealKafka } from '../test/broker/real-kafka';

export interface TargetCluster {
  description: string;
  /** False for librdkafka's mock. */
  real: boolean;
  /** A real one that has just been started for this run. */
  fresh: boolean;
  /** Fresh topics; gives back the bootstrap servers to produce to. */
  openTopics(topics: string[], partitions: number): Promise<string>;
  dropTopics(topics: string[]): Promise<void>;
  close(): Promise<void>;
}

export async function adminOf(brokers: string): Promise<Admin> {
  const admin = new Kafka({
    clientId: 'bench',
    brokers: brokers.split(','),
    logLevel: logLevel.ERROR,
  }).admin();
  await admin.connect();
  return admin;
}

const MIB = 1024 * 1024;
const topicSettings = {
  // kafkajs and others put a whole call's share of a partition into one record batch, however big.
  'max.message.bytes': 64 * MIB,
  'retention.bytes': 256 * MIB,
  'segment.bytes': 64 * MIB,
  // A deleted topic's files stay for a minute by default: enough to fill a disk over many trials.
  'file.delete.delay.ms': 1000,
};

async function kafkaAt(
  brokers: string,
  description: string,
  stop?: () => Promise<void>,
): Promise<TargetCluster> {
  const admin = await adminOf(brokers);
  return {
    description,
    real: true,
    fresh: stop !== undefined,
    async openTopics(topics, partitions) {
      const configEntries = Object.entries(topicSettings).map(([name, value]) => ({
        name,
        value: String(value),
      }));
      await admin.createTopics({
        waitForLeaders: true,
        topics: topics.map((topic) => ({
          topic,
          numPartitions: partitions,
          replicationFactor: -1,
          configEntries,
        })),
      });
      return brokers;
    },
    dropTopics: (topics) => admin.deleteTopics({ topics }),
    async close() {
      await admin.disconnect();
      await stop?.();
    },
  };
}

/** The embedded cluster keeps what it is given, so every trial has a new one. */
function embedded(): TargetCluster {
  let child: ChildProcess | undefined;
  const end = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return {
    real: false,
    fresh: false,
    description: "librdkafka's mock cluster, one broker, in a process of its own on the same machine",
    async openTopics(topics, partitions) {
      const entries = topics.map((topic) => ({ topic, partitions }));
      child = fork(path.join(__dirname, 'embedded-broker.ts'), [JSON.stringify(entries)], {
        execArgv: ['--import', 'tsx'],
      });
      const failed = once(child, 'exit').then(() => {
        throw new Error('the embedded cluster did not start');
      });
      failed.catch(() => {});
      const [brokers] = (await Promise.race([once(child, 'message'), failed])) as [string];
      return brokers;
    },
    dropTopics: end,
    close: end,
  };
}

export async function openCluster(options: { brokers?: string; kafka?: boolean }): Promise<TargetCluster> {
  if (options.brokers) return kafkaAt(options.brokers, `the cluster at ${options.brokers}`);
  if (!options.kafka) return embedded();
  const kafka = await RealKafka.start({ fast: true });
  const description = `Apache Kafka ${kafka.version}, one broker on the same machine`;
  return kafkaAt(kafka.bootstrapServers, description, () => kafka.stop());
}
