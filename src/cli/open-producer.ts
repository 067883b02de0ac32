// A connected producer for a command, or an error and nothing left open; and what it says while it works.
import { Producer, type ProducerOptions } from '../index';
import { printable } from './failure-log';

export async function openProducer(options: ProducerOptions): Promise<Producer> {
  const producer = new Producer(options);
  try {
    await producer.connect();
    return producer;
  } catch (error) {
    await producer.close({ timeoutMs: 0 }).catch(() => {});
    throw error;
  }
}

/** Tells each kind of broker trouble once: it repeats until it is over, and records that it costs are told anyway. */
export function tellBrokerErrors(producer: Producer, tell: (line: string) => void): void {
  const told = new Set<string>();
  producer.on('brokerError', ({ code, message }) => {
    if (told.has(code)) return;
    told.add(code);
    tell(`broker trouble: ${printable(message)}`);
  });
}
