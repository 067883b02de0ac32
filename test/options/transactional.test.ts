// What transactionalId asks of other options, as in Java's ProducerConfig and librdkafka.
import { expect, it } from 'vitest';
import { ConfigError, type ProducerOptions } from '../../src';
import { validateOptions } from '../../src/options/validate';

const transactional = (options: Partial<ProducerOptions>) =>
  validateOptions({ bootstrapServers: 'localhost:9092', transactionalId: 'one', ...options });

it.each([
  [{ enableIdempotence: false }, 'transactionalId needs enableIdempotence'],
  [{ acks: 1 as const }, "transactionalId needs acks 'all', got the number 1"],
  [{ acks: 0 as const }, "transactionalId needs acks 'all'"],
  [{ retries: 0 }, 'transactionalId needs retries above 0'],
  [{ maxInFlightRequests: 6 }, 'transactionalId needs maxInFlightRequests of at most 5, got 6'],
  [{ deliveryTimeoutMs: 60_001 }, 'deliveryTimeoutMs (60001) must not exceed transactionTimeoutMs (60000)'],
  [{ transactionTimeoutMs: 999 }, 'transactionTimeoutMs must be an integer (ms) from 1000'],
  [{ transactionalId: '' }, 'transactionalId must be a string that is not empty'],
])('%o contradict it', (options, message) => {
  expect(() => transactional(options)).toThrow(ConfigError);
  expect(() => transactional(options)).toThrow(message);
});

it.each([
  [{}, 60_000],
  [{ transactionTimeoutMs: 1000 }, 1000],
  [{ transactionTimeoutMs: 500_000 }, 120_000],
  [{ deliveryTimeoutMs: 5000, requestTimeoutMs: 4000 }, 5000],
])('%o go with it: a default deliveryTimeoutMs gives way', (options, deliveryTimeoutMs) => {
  expect(transactional(options)).toMatchObject({ deliveryTimeoutMs, enableIdempotence: true });
});
