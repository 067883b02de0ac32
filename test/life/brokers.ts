// The Kafka that the long forms run against: the one that KAFKA_BROKERS names, or one started for them.
import { RealKafka } from '../broker/real-kafka';

export async function withBrokers<T>(use: (brokers: string) => Promise<T>): Promise<T> {
  const given = process.env.KAFKA_BROKERS;
  if (given) return use(given);
  const kafka = await RealKafka.start({ fast: true });
  try {
    return await use(kafka.bootstrapServers);
  } finally {
    await kafka.stop();
  }
}
