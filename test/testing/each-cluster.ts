// Runs the same tests on brokers of three makes: the embedded cluster, a real Kafka, and kfake.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { describeOnKafka, describeOnKfake } from '../broker/real-broker';
import { createTopic } from '../broker/topics';

export interface TestCluster {
  /** For `bootstrapServers`. */
  readonly brokers: string;
  /** Whether acknowledgements tell a record's true timestamp: the embedded cluster makes one up. */
  readonly tellsTimestamps: boolean;
  /** Makes a topic that no other test uses. */
  createTopic(partitions: number): Promise<string>;
}

/** Three describe blocks; the cluster handed to `fn` may be used inside tests and hooks. */
export function describeOnEachCluster(name: string, fn: (cluster: TestCluster) => void): void {
  describe(`${name}, embedded cluster`, () => {
    let cluster: EmbeddedCluster;
    beforeAll(async () => {
      cluster = await EmbeddedCluster.start();
    });
    afterAll(() => cluster.close());
    fn({
      get brokers() {
        return cluster.bootstrapServers;
      },
      tellsTimestamps: false,
      createTopic: async (partitions) => {
        const topic = `test-${randomUUID()}`;
        cluster.createTopic(topic, partitions);
        return topic;
      },
    });
  });
  const outside = (brokers: () => string) =>
    fn({
      get brokers() {
        return brokers();
      },
      tellsTimestamps: true,
      createTopic: (partitions) => createTopic(brokers(), { partitions }),
    });
  describeOnKafka(`${name}, real Kafka`, outside);
  describeOnKfake(`${name}, kfake`, outside);
}
