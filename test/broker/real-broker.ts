// For test files that need a broker outside this process: a describe block that is skipped where there is none.
import { describe, inject, type ProvidedContext } from 'vitest';
import type {} from './global-setup';

type Fn = (brokers: () => string) => void;

/** A describe block; the function it hands to the tests returns the broker list, comma-separated. */
export function describeOnKafka(name: string, fn: Fn): void {
  describeWith('kafkaBrokers', name, fn);
}

/** The same on kfake. */
export function describeOnKfake(name: string, fn: Fn): void {
  describeWith('kfakeBrokers', name, fn);
}

function describeWith(key: keyof ProvidedContext, name: string, fn: Fn): void {
  const brokers = inject(key);
  if (brokers === undefined) {
    throw new Error('test/broker/global-setup.ts has not run: a skip that nobody announced would go unseen');
  }
  describe.skipIf(brokers === null)(name, () => fn(() => brokers as string));
}
