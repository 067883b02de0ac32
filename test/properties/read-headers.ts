// Reads headers through node-rdkafka, which keeps their order, where kafkajs gathers those of one name.
import { KafkaConsumer, type LibrdKafkaError, type Message } from 'node-rdkafka';

/** Of the first `count` records of partition 0: each header's name and the hex of its value, '' for null. */
export async function readHeadersInOrder(
  brokers: string,
  topic: string,
  count: number,
): Promise<[name: string, hex: string][][]> {
  const consumer = new KafkaConsumer(
    { 'bootstrap.servers': brokers, 'group.id': 'headers', 'enable.auto.commit': false },
    {},
  );
  await new Promise<void>((resolve, reject) => {
    consumer.connect({}, (error) => (error ? reject(error) : resolve()));
  });
  try {
    consumer.setDefaultConsumeTimeout(200);
    consumer.assign([{ topic, partition: 0, offset: 0 }]);
    const messages: Message[] = [];
    while (messages.length < count) messages.push(...(await consume(consumer, count - messages.length)));
    return messages.map(({ headers = [] }) => headers.flatMap(pairsOf));
  } finally {
    await new Promise((resolve) => consumer.disconnect(resolve));
  }
}

function pairsOf(header: { [name: string]: string | Buffer }): [string, string][] {
  return Object.entries(header).map(([name, value]) => [name, Buffer.from(value).toString('hex')]);
}

function consume(consumer: KafkaConsumer, count: number): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(count, (error: LibrdKafkaError, messages: Message[]) =>
      error ? reject(error) : resolve(messages),
    );
  });
}
