// Producers that are closed when their test is over, whatever became of it.
import { onTestFinished } from 'vitest';
import { type BytesLike, Producer, type ProducerOptions } from '../../src';

/** Not for concurrent tests: vitest would not know whose end to wait for. */
export function openProducer<K = BytesLike, V = BytesLike>(options: ProducerOptions<K, V>): Producer<K, V> {
  const producer = new Producer<K, V>(options);
  onTestFinished(async () => {
    await producer.close({ timeoutMs: 0 });
  });
  return producer;
}
