// requestTimeoutMs is told to the broker and kept by the client: librdkafka has a property for each.
import { expect, it } from 'vitest';
import type { ProducerOptions } from '../../src/options/producer-options';
import { toLibrdkafka } from '../../src/options/to-librdkafka';
import { validateOptions } from '../../src/options/validate';
import { openProducer } from '../testing/open-producer';

const bootstrapServers = '127.0.0.1:1';

function timeouts(options: Partial<ProducerOptions>) {
  // The last setting of a property is the one that counts.
  const properties = new Map(toLibrdkafka(validateOptions({ bootstrapServers, ...options })));
  return [properties.get('request.timeout.ms'), properties.get('socket.timeout.ms')];
}

it.each<[string, Partial<ProducerOptions>, string[]]>([
  ['by default', {}, ['30000', '30000']],
  ['when it is set', { requestTimeoutMs: 1_500 }, ['1500', '1500']],
  ['below what librdkafka takes', { requestTimeoutMs: 1 }, ['1', '10']],
  ['above what librdkafka takes', { requestTimeoutMs: 900_000 }, ['900000', '300000']],
  [
    'in a transactional producer, within the time of a transaction',
    { transactionalId: 't', transactionTimeoutMs: 5_000, deliveryTimeoutMs: 5_000 },
    ['5000', '5000'],
  ],
  ['beside socket.timeout.ms, which wins', { librdkafka: { 'socket.timeout.ms': 7_000 } }, ['30000', '7000']],
])('sets both timeouts %s', (_when, options, expected) => {
  expect(timeouts(options)).toEqual(expected);
});

it('is accepted by librdkafka with a short transaction', async () => {
  const producer = openProducer({
    bootstrapServers,
    transactionalId: 't',
    transactionTimeoutMs: 5_000,
    deliveryTimeoutMs: 5_000,
    connectTimeoutMs: 200,
  });
  await expect(producer.connect()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});
