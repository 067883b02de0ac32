// A process that sends a message and offsets within a transaction of either library, says so, and waits to be killed.
import * as millrace from '../../src/kafkajs';
import { installedKafkaJS } from './installed-kafkajs';

async function main([library, brokers, transactionalId, topic, groupId]: string[]): Promise<void> {
  const { Kafka, logLevel } =
    library === 'kafkajs' ? (installedKafkaJS as unknown as typeof millrace) : millrace;
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ value: 'of the dead' }] });
  const topics = [{ topic, partitions: [{ partition: 0, offset: '1' }] }];
  await transaction.sendOffsets({ consumerGroupId: groupId, topics });
  process.stdout.write('sent\n');
  setInterval(() => {}, 1000);
}

void main(process.argv.slice(2));
