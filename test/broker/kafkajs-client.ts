// KafkaJS as the tests use it to look at a broker from outside: silent, and quick to try again.
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';

/** A KafkaJS client for a comma-separated broker list. */
export function kafkaJs(brokers: string, more: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    clientId: 'millrace-test',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5_000,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 20 },
    ...more,
  });
}
