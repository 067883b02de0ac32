// An embedded cluster for a describe block of properties, with topics that no other run uses.
import { afterAll, beforeAll } from 'vitest';
import type { BytesLike, ProducerOptions } from '../../src';
import { Producer } from '../../src';
import { EmbeddedCluster } from '../../src/testing';

export interface PropertyCluster {
  readonly brokers: string;
  newTopic(partitions: number): string;
  /** With a producer that is closed afterwards, also of a run that fails. */
  withProducer<T, K = BytesLike, V = BytesLike>(
    options: Omit<ProducerOptions<K, V>, 'bootstrapServers'>,
    use: (producer: Producer<K, V>) => Promise<T>,
  ): Promise<T>;
}

export function embeddedCluster(): PropertyCluster {
  let cluster: EmbeddedCluster;
  let topics = 0;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start();
  });
  afterAll(() => cluster.close());
  return {
    get brokers() {
      return cluster.bootstrapServers;
    },
    newTopic(partitions) {
      const topic = `property-${topics++}`;
      cluster.createTopic(topic, partitions);
      return topic;
    },
    async withProducer(options, use) {
      const producer = new Producer({ bootstrapServers: cluster.bootstrapServers, ...options });
      try {
        return await use(producer);
      } finally {
        await producer.close({ timeoutMs: 0 });
      }
    },
  };
}
