// Gives the test run its brokers: a real Kafka, the one that KAFKA_BROKERS names, else one started here, and kfake.
import type { ProvidedContext } from 'vitest';
import { javaAndMavenMissing } from './kafka-jars';
import { kafkaJs } from './kafkajs-client';
import { goMissing, Kfake } from './kfake';
import { RealKafka } from './real-kafka';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A comma-separated broker list, or null where there is no Kafka to test with. */
    kafkaBrokers: string | null;
    /** The same of kfake, or null where it cannot be built. */
    kfakeBrokers: string | null;
    /** Why no further Kafka can be started here, or null where it can. */
    cannotStartKafka: string | null;
  }
}

// What this file needs of vitest's TestProject, whose own declaration only ES modules can import.
interface Project {
  provide<Key extends keyof ProvidedContext>(key: Key, value: ProvidedContext[Key]): void;
}

interface Running {
  bootstrapServers: string;
  stop?(): Promise<void>;
}

export default async function setup(project: Project): Promise<() => Promise<void>> {
  // In this order: a kfake that was started for nothing, as Kafka fails, ends with this process.
  const kfake = await startKfake();
  const kafka = await startKafka();
  project.provide('kafkaBrokers', kafka?.bootstrapServers ?? null);
  project.provide('kfakeBrokers', kfake?.bootstrapServers ?? null);
  project.provide('cannotStartKafka', javaAndMavenMissing() ?? null);
  return async () => {
    await Promise.all([kafka?.stop?.(), kfake?.stop?.()]);
  };
}

async function startKafka(): Promise<Running | undefined> {
  const given = process.env.KAFKA_BROKERS;
  const missing = javaAndMavenMissing();
  if (given) {
    await answers(given);
    if (missing !== undefined) announceSkip('a Kafka of their own', missing, 'Install Java 17 and Maven.');
    return { bootstrapServers: given };
  }
  if (missing === undefined) return RealKafka.start();
  announceSkip(
    'a real Kafka',
    missing,
    'Install Java 17 and Maven, or set KAFKA_BROKERS to the brokers of a running Kafka.',
  );
  return undefined;
}

async function startKfake(): Promise<Running | undefined> {
  const missing = goMissing();
  if (missing === undefined) return Kfake.start();
  announceSkip('kfake', missing, 'Install the Go that test/broker/kfake/go.mod asks for.');
  return undefined;
}

async function answers(brokers: string): Promise<void> {
  const admin = kafkaJs(brokers).admin({ retry: { retries: 3 } });
  try {
    await admin.connect();
  } catch (error) {
    throw new Error(`No Kafka answers at KAFKA_BROKERS=${brokers}`, { cause: error });
  } finally {
    await admin.disconnect();
  }
}

function announceSkip(broker: string, reason: string, advice: string): void {
  if (process.env.CI === 'true') {
    throw new Error(`The tests on ${broker} must run in CI, but: ${reason}. ${advice}`);
  }
  const lines = [`THE TESTS ON ${broker.toUpperCase()} ARE SKIPPED`, `${reason}.`, advice];
  const rule = '*'.repeat(Math.max(...lines.map(({ length }) => length)) + 4);
  console.warn(`\n${rule}\n${lines.map((line) => `* ${line}`).join('\n')}\n${rule}\n`);
}
