// Gives the test run a real Kafka: the one that KAFKA_BROKERS names, else one started here, else none.
import type { ProvidedContext } from 'vitest';
import { javaAndMavenMissing } from './kafka-jars';
import { kafkaJs } from './kafkajs-client';
import { RealKafka } from './real-kafka';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A comma-separated broker list, or null where there is no Kafka to test with. */
    kafkaBrokers: string | null;
  }
}

// What this file needs of vitest's TestProject, whose own declaration only ES modules can import.
interface Project {
  provide<Key extends keyof ProvidedContext>(key: Key, value: ProvidedContext[Key]): void;
}

export default async function setup(project: Project): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.KAFKA_BROKERS;
  if (given) {
    await answers(given);
    project.provide('kafkaBrokers', given);
    return undefined;
  }
  const missing = javaAndMavenMissing();
  if (missing) {
    announceSkip(missing);
    project.provide('kafkaBrokers', null);
    return undefined;
  }
  const kafka = await RealKafka.start();
  project.provide('kafkaBrokers', kafka.bootstrapServers);
  return () => kafka.stop();
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

function announceSkip(reason: string): void {
  const advice = 'Install Java 17 and Maven, or set KAFKA_BROKERS to the brokers of a running Kafka.';
  if (process.env.CI === 'true') {
    throw new Error(`The tests on a real Kafka must run in CI, but: ${reason}. ${advice}`);
  }
  const lines = ['REAL-BROKER TESTS ARE SKIPPED', `${reason}.`, advice];
  const rule = '*'.repeat(Math.max(...lines.map(({ length }) => length)) + 4);
  console.warn(`\n${rule}\n${lines.map((line) => `* ${line}`).join('\n')}\n${rule}\n`);
}
