// A process that sends within a transaction, says so, and waits to be killed.
import { Producer } from '../../src';

async function main([bootstrapServers, transactionalId, topic]: string[]): Promise<void> {
  const producer = new Producer({ bootstrapServers, transactionalId });
  const transaction = await producer.beginTransaction();
  await transaction.send({ topic, value: 'of the dead' });
  process.stdout.write('sent\n');
  setInterval(() => {}, 1000);
}

void main(process.argv.slice(2));
