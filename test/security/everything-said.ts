// All that a producer tells anybody while it connects, sends and closes: errors, events, metrics, itself.
import { inspect } from 'node:util';
import { Producer, type ProducerOptions } from '../../src';

/** Keeps what it hears in every form that somebody could print it in. */
export class Said {
  readonly #said: string[] = [];

  get text(): string {
    return this.#said.join('\n');
  }

  readonly hear = (thing: unknown): void => {
    const whole = { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null };
    this.#said.push(
      inspect(thing, whole),
      String(thing),
      JSON.stringify(thing, (_name, value) => (typeof value === 'bigint' ? `${value}` : value)) ?? '',
    );
    if (thing instanceof Error) this.#said.push(`${thing.stack}`);
  };
}

export async function everythingSaid(options: ProducerOptions, topic: string): Promise<string> {
  const said = new Said();
  const { hear } = said;
  const producer = new Producer(options);
  hear(producer);
  for (const event of ['log', 'brokerError', 'statistics'] as const) producer.on(event, hear);
  await producer.connect().catch(hear);
  await producer.send({ topic, value: 'v' }).then(hear, hear);
  await producer.sendBatch([{ topic, value: 'v' }]).then(hear, hear);
  hear(producer);
  hear(producer.metrics());
  await producer.close({ timeoutMs: 500 }).catch(hear);
  hear(producer);
  return said.text;
}
