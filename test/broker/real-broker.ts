// For test files that need a broker outside this process: describe blocks that are skipped where there is none.
import { describe, inject, type ProvidedContext } from 'vitest';
import type {} from './global-setup';
import { skippedName } from './skipped-files';

type Fn = (brokers: () => string) => void;

/** A describe block; the function it hands to the tests returns the broker list, comma-separated. */
export function describeOnKafka(name: string, fn: Fn): void {
  describeWith('kafkaBrokers', 'needs a real Kafka', name, fn);
}

/** The same on kfake. */
export function describeOnKfake(name: string, fn: Fn): void {
  describeWith('kfakeBrokers', 'needs Go', name, fn);
}

/** A describe block of tests that start a Kafka of their own, which KAFKA_BROKERS is no help to. */
export function describeWithOwnKafka(name: string, fn: () => void): void {
  if (provided('cannotStartKafka') === null) describe(name, fn);
  else describe.skip(skippedName(name, 'needs Java and Maven'), fn);
}

function describeWith(key: keyof ProvidedContext, need: string, name: string, fn: Fn): void {
  const brokers = provided(key);
  if (brokers === null) describe.skip(skippedName(name, need), () => fn(() => ''));
  else describe(name, () => fn(() => brokers));
}

function provided(key: keyof ProvidedContext): string | null {
  const value = inject(key);
  if (value === undefined) {
    throw new Error('test/broker/global-setup.ts has not run: a skip that nobody announced would go unseen');
  }
  return value;
}
