// What TypeScript takes for kafkajs's enumerations.
import { CompressionTypes, Kafka, KafkaJSNumberOfRetriesExceeded, logLevel } from 'kafkajs';

const levels: Record<string, logLevel> = { quiet: logLevel.ERROR, loud: logLevel.DEBUG };
const compression: number = CompressionTypes.GZIP;

export async function send(): Promise<string> {
  const kafka = new Kafka({ brokers: ['localhost:9092'], logLevel: Number(process.env.LEVEL) });
  kafka.logger().setLogLevel(levels.quiet);
  await kafka.producer().send({ topic: 'topic', messages: [], compression });
  return CompressionTypes[compression];
}

export const exceeded = new KafkaJSNumberOfRetriesExceeded('m');
