// For test files that need a real Kafka: a describe block that is skipped where there is none.
import { describe, inject } from 'vitest';
import type {} from './global-setup';

/** A describe block; the function it hands to the tests returns the broker list, comma-separated. */
export function describeOnKafka(name: string, fn: (brokers: () => string) => void): void {
  const brokers = inject('kafkaBrokers');
  if (brokers === undefined) {
    throw new Error('test/broker/global-setup.ts has not run: a skip that nobody announced would go unseen');
  }
  describe.skipIf(brokers === null)(name, () => fn(() => brokers as string));
}
