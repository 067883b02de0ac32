// All that a producer tells anybody while it connects, sends and closes: errors, events, metrics, itself.
import { inspect } from 'node:util';
import { Producer, type ProducerOptions } from '../../src';

export async function everythingSaid(options: ProducerOptions, topic: string): Promise<string> {
  const said: string[] = [];
  const listen = (thing: unknown) => {
    said.push(inspect(thing, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null }));
    said.push(
      String(thing),
      JSON.stringify(thing, (_name, value) => (typeof value === 'bigint' ? `${value}` : value)) ?? '',
    );
    if (thing instanceof Error) said.push(`${thing.stack}`);
  };
  const producer = new Producer(options);
  listen(producer);
  for (const event of ['log', 'brokerError', 'statistics'] as const) producer.on(event, listen);
  await producer.connect().catch(listen);
  await producer.send({ topic, value: 'v' }).then(listen, listen);
  await producer.sendBatch([{ topic, value: 'v' }]).then(listen, listen);
  listen(producer);
  listen(producer.metrics());
  await producer.close({ timeoutMs: 500 }).catch(listen);
  listen(producer);
  return said.join('\n');
}
