// The engine's failures in kafkajs's words, where a real broker is hard to bring to them.
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError, ConnectionError, MillraceError, RecordError } from '../../src';
import {
  Kafka,
  KafkaJSError,
  KafkaJSProtocolError,
  KafkaJSSASLAuthenticationError,
  logLevel,
} from '../../src/kafkajs';
import { toKafkaJSError } from '../../src/kafkajs/failure';
import { retryBudget } from '../../src/kafkajs/retry-budget';
import { EmbeddedCluster } from '../../src/testing';

const budget = retryBudget({ retries: 3, initialRetryTime: 100 });
const told = (error: unknown) => toKafkaJSError(error, budget);

// How Node names them is the `code` of a TLS socket's error.
it.each([
  [42, 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'],
  [43, 'ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE'],
  [44, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED'],
  [45, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'],
  [46, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN'],
  [48, 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
  [116, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
])('a broker that refuses our certificate with alert %i has Node’s code %s', (alert, code) => {
  const error = new ConnectionError(`ssl://h:1/bootstrap: Receive failed: SSL alert number ${alert}`, '_SSL');
  expect(told(error)).toMatchObject({ cause: { name: 'KafkaJSConnectionError', broker: 'h:1', code } });
});

describe('a failure', () => {
  it.each<[string, MillraceError, object]>([
    [
      'refused credentials',
      new ConnectionError('no', '_AUTHENTICATION', { retriable: false }),
      { name: 'KafkaJSSASLAuthenticationError', retriable: false },
    ],
    [
      'a refused certificate',
      new ConnectionError('no', '_SSL', { retriable: false }),
      { name: 'KafkaJSNumberOfRetriesExceeded', cause: { name: 'KafkaJSConnectionError', code: '_SSL' } },
    ],
    [
      'a broker’s code that may pass',
      new RecordError('few', 'NOT_ENOUGH_REPLICAS', { partition: 0 }),
      {
        name: 'KafkaJSNumberOfRetriesExceeded',
        retryCount: 3,
        cause: { name: 'KafkaJSProtocolError', type: 'NOT_ENOUGH_REPLICAS', code: 19, retriable: true },
      },
    ],
    [
      'a broker’s code that will not',
      new RecordError('no', 'TOPIC_AUTHORIZATION_FAILED', { partition: 0 }),
      { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED', code: 29, retriable: false },
    ],
    [
      'a code that kafkajs calls otherwise',
      new RecordError('bad', 'TOPIC_EXCEPTION', { partition: 0 }),
      { name: 'KafkaJSProtocolError', type: 'INVALID_TOPIC_EXCEPTION', code: 17 },
    ],
    [
      'a topic that must not be looked up',
      new RecordError('no', 'TOPIC_AUTHORIZATION_FAILED'),
      {
        name: 'KafkaJSNonRetriableError',
        retriable: false,
        cause: { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED', code: 29 },
      },
    ],
    [
      'a broker that does not know what went wrong',
      new RecordError('hm', 'UNKNOWN', { partition: 0 }),
      { name: 'KafkaJSProtocolError', type: 'UNKNOWN', code: -1 },
    ],
    [
      'a code that came after kafkajs',
      new RecordError('slow down', 'THROTTLING_QUOTA_EXCEEDED'),
      { name: 'KafkaJSNumberOfRetriesExceeded', cause: { type: 'THROTTLING_QUOTA_EXCEEDED', code: 89 } },
    ],
    [
      'a record that timed out with its broker',
      new RecordError('late', '_MSG_TIMED_OUT', { cause: new MillraceError('refused', '_TRANSPORT') }),
      {
        name: 'KafkaJSNumberOfRetriesExceeded',
        cause: { name: 'KafkaJSConnectionError', code: '_TRANSPORT', retriable: true },
      },
    ],
    [
      'a request without answer',
      new RecordError('late', '_MSG_TIMED_OUT', { timedOutIn: 'answer', persisted: 'possibly' }),
      { name: 'KafkaJSNumberOfRetriesExceeded', cause: { name: 'KafkaJSRequestTimeoutError' } },
    ],
    [
      'a request without answer, to a broker that goes on saying nothing',
      new RecordError('late', '_MSG_TIMED_OUT', {
        timedOutIn: 'network',
        persisted: 'possibly',
        cause: new MillraceError('ApiVersionRequest failed: Local: Timed out', '_TRANSPORT'),
      }),
      { name: 'KafkaJSNumberOfRetriesExceeded', cause: { name: 'KafkaJSRequestTimeoutError' } },
    ],
    [
      'a request whose connection was lost',
      new RecordError(
        'late (last broker error: Connect to b:1 failed: Connection refused)',
        '_MSG_TIMED_OUT',
        {
          timedOutIn: 'network',
          persisted: 'possibly',
          cause: new MillraceError('Connect to b:1 failed: Connection refused', '_TRANSPORT'),
        },
      ),
      {
        name: 'KafkaJSNumberOfRetriesExceeded',
        cause: { name: 'KafkaJSConnectionError', code: 'ECONNREFUSED' },
      },
    ],
    [
      'a full buffer',
      new RecordError('full', 'BUFFER_TIMEOUT'),
      { name: 'KafkaJSNumberOfRetriesExceeded', cause: { name: 'KafkaJSError', retriable: true } },
    ],
    [
      'a producer that was replaced',
      new MillraceError('fenced', '_FENCED', { fatal: true }),
      { name: 'KafkaJSProtocolError', type: 'INVALID_PRODUCER_EPOCH', code: 47, retriable: false },
    ],
    [
      'a record that is none',
      new RecordError('bad', 'INVALID_RECORD'),
      { name: 'KafkaJSNonRetriableError', retriable: false },
    ],
    [
      'a record that a broker refused',
      new RecordError('bad', 'INVALID_RECORD', { partition: 1 }),
      { name: 'KafkaJSProtocolError', type: 'INVALID_RECORD', code: 87 },
    ],
    [
      'a feature that is not built in',
      new ConfigError('install libzstd-dev'),
      { name: 'KafkaJSNonRetriableError', message: 'install libzstd-dev' },
    ],
  ])('is told: %s', (_, error, expected) => {
    expect(told(error)).toMatchObject(expected);
    expect(told(error)).toBeInstanceOf(KafkaJSError);
  });

  it('keeps what the engine said as its cause', () => {
    const error = new RecordError('no', 'MSG_SIZE_TOO_LARGE', { partition: 0, persisted: 'no' });
    expect(told(error)).toBeInstanceOf(KafkaJSProtocolError);
    expect(told(error).cause).toBe(error);
    expect(told(new ConnectionError('no', '_AUTHENTICATION'))).toBeInstanceOf(KafkaJSSASLAuthenticationError);
  });

  it('that is none of the engine’s stays as it is', () => {
    const error = new RangeError('of a partitioner');
    expect(told(error)).toBe(error);
  });
});

describe('a retry’s budget', () => {
  it.each([
    [undefined, { retries: 5, pausesMs: 300 + 600 + 1200 + 2400 + 4800 }],
    [{ retries: 0 }, { retries: 0, pausesMs: 0 }],
    [
      { retries: 4, initialRetryTime: 100, maxRetryTime: 250 },
      { retries: 4, pausesMs: 100 + 200 + 250 + 250 },
    ],
    [
      { retries: 3, initialRetryTime: 500, maxRetryTime: 100 },
      { retries: 3, pausesMs: 300 },
    ],
    [
      { retries: 9, initialRetryTime: 0 },
      { retries: 9, pausesMs: 0 },
    ],
    [{ retries: Number.MAX_SAFE_INTEGER }, { retries: 2147483647, pausesMs: 2147483647 }],
    [{ retries: undefined }, { retries: 5 }],
  ])('of %o', (options, expected) => {
    expect(retryBudget(options)).toMatchObject(expected);
  });
});

it('of messages that were refused with their neighbours, and then apart, names the message', async () => {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
  onTestFinished(() => cluster.close());
  const kafka = new Kafka({ brokers: [cluster.bootstrapServers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ maxInFlightRequests: 1 });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const messages = [0, 0, 0, 1, 1].map((partition, i) => ({ value: `${i}`, partition }));
  await producer.send({ topic: 'orders', messages });
  // The first request is taken; the others are refused, and once more when their messages are sent apart.
  cluster.failRequests('Produce', ['NO_ERROR', ...Array(20).fill('MSG_SIZE_TOO_LARGE')]);
  await expect(producer.send({ topic: 'orders', messages })).rejects.toMatchObject({
    name: 'KafkaJSProtocolError',
    message: expect.stringMatching(
      /^record ([012] for topic orders, partition 0|[34] for topic orders, partition 1):/,
    ),
  });
});
