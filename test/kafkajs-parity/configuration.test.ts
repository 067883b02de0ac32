// What becomes of kafkajs's options: nothing is dropped silently.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tls from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Producer } from '../../src';
import {
  CompressionCodecs,
  CompressionTypes,
  Kafka,
  type KafkaConfig,
  KafkaJSNonRetriableError,
  KafkaJSNotImplemented,
  logLevel,
  type ProducerConfig,
} from '../../src/kafkajs';
import { laneSettings } from '../../src/kafkajs/call';
import { EngineOptions } from '../../src/kafkajs/engine-options';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { installedKafkaJS } from './installed-kafkajs';
import { rejection } from './libraries';

const brokers = ['kafka.example:9092'];
const warnings: string[] = [];

function kafka(config: Partial<KafkaConfig> = {}): Kafka {
  warnings.length = 0;
  const logCreator = () => (entry: { level: number; log: { message: string } }) => {
    if (entry.level === logLevel.WARN) warnings.push(entry.log.message);
  };
  return new Kafka({ brokers, logLevel: logLevel.WARN, logCreator, ...config });
}

/** The engine's options for plain sends. */
function engine(config: Partial<KafkaConfig> = {}, producer: ProducerConfig = {}, acks?: number) {
  const options = new EngineOptions({ brokers, ...config }, producer, () => {});
  return options.of(laneSettings({ acks }, options.requestTimeoutMs), brokers);
}

describe('options whose loss would change an outcome', () => {
  it.each<[string, Partial<KafkaConfig>, RegExp]>([
    ['socketFactory', { socketFactory: (() => {}) as never }, /socketFactory/],
    ['sasl aws', { sasl: { mechanism: 'aws' } as never }, /aws-msk-iam-sasl-signer-js/],
    [
      'sasl of one’s own',
      { sasl: { mechanism: 'mine', authenticationProvider: () => ({}) as never } },
      /authenticationProvider \(MINE\)/,
    ],
    ['an unknown sasl mechanism', { sasl: { mechanism: 'digest' } as never }, /mechanism digest/],
    [
      'another servername',
      { ssl: { servername: 'elsewhere' } },
      /servername \(elsewhere\).*kafka\.example:9092/,
    ],
    ['checkServerIdentity', { ssl: { checkServerIdentity: () => undefined } }, /ssl\.checkServerIdentity/],
    ['a keystore', { ssl: { pfx: 'p' } }, /ssl\.pfx/],
    ['several keys', { ssl: { key: ['a', 'b'] } }, /single key/],
    ['the version of TLS', { ssl: { minVersion: 'TLSv1.3' } }, /ssl\.minVersion/],
  ])('are refused: %s', (_, config, message) => {
    expect(() => kafka(config).producer()).toThrow(message);
    expect(() => kafka(config).producer()).toThrow(KafkaJSNotImplemented);
  });

  it('do not keep consumers and admin clients away', () => {
    const client = kafka({ socketFactory: (() => {}) as never });
    expect(client.consumer({ groupId: 'g' })).toHaveProperty('subscribe');
    expect(client.admin()).toHaveProperty('createTopics');
  });

  it.each([
    [{ mechanism: 'plain', username: 'u' }, /Invalid username or password/],
    [{ mechanism: 'scram-sha-256', username: '', password: 'p' }, /Invalid username or password/],
    [{ mechanism: 'oauthbearer' }, /Missing OAuth bearer token provider/],
  ])('are asked for: %o', (sasl, message) => {
    expect(() => kafka({ sasl: sasl as never }).producer()).toThrow(message);
  });
});

describe('options that only tune', () => {
  it('are warned of, once a client', () => {
    const client = kafka({
      retry: { factor: 0.5, multiplier: 3, attempts: 4, restartOnFailure: async () => true },
      reauthenticationThreshold: 1000,
      enforceRequestTimeout: false,
      requestTimeout: 400_000,
      somethingNew: 1,
    } as never);
    const config = {
      metadataMaxAge: 5_000_000,
      idempotent: true,
      maxInFlightRequests: 9,
      batchSize: 5,
    } as never;
    client.producer(config);
    client.producer(config);
    expect(warnings).toEqual([
      'Unknown option somethingNew of Kafka has no effect',
      'Unknown option batchSize of producer() has no effect',
      'Unknown option attempts of retry has no effect',
      'retry.factor has no effect on producers: jitter is always 0.2',
      'retry.multiplier has no effect on producers: pauses always double',
      'reauthenticationThreshold has no effect on producers: librdkafka renews sessions in time',
      'enforceRequestTimeout: producers wait for an answer for 300000 ms at most',
      'maxInFlightRequests: 5 at most for an idempotent producer',
      'requestTimeout: 300000 ms is used instead',
      'metadataMaxAge: 3600000 ms is used instead',
    ]);
  });

  it('are not warned of where they are what they would be', () => {
    kafka({ retry: { factor: 0.2, multiplier: 2, retries: 8 }, requestTimeout: 30_000 }).producer({
      maxInFlightRequests: 1,
    });
    expect(warnings).toEqual([]);
  });
});

describe('the engine', () => {
  it('has kafkajs’s defaults', () => {
    expect(engine()).toMatchObject({
      bootstrapServers: brokers,
      clientId: 'kafkajs',
      acks: -1,
      compression: 'none',
      enableIdempotence: true,
      retries: 5,
      retryBackoffMs: 300,
      retryBackoffMaxMs: 30_000,
      reconnectBackoffMaxMs: 1000,
      requestTimeoutMs: 30_000,
      // 300 + 600 + 1200 + 2400 + 4800 of pauses.
      deliveryTimeoutMs: 9300 + 30_000 + 1000,
      maxBlockMs: 9300 + 1000,
      connectTimeoutMs: 9300 + 6 * 1000,
      metadataMaxAgeMs: 300_000,
      ssl: false,
      sasl: undefined,
      librdkafka: {
        'socket.timeout.ms': 30_000,
        'socket.connection.setup.timeout.ms': 1000,
        'allow.auto.create.topics': true,
      },
    });
  });

  it('is told what was said', () => {
    const options = engine(
      {
        clientId: 'mine',
        connectionTimeout: 3000,
        authenticationTimeout: 4000,
        requestTimeout: 5000,
        retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 150 },
        ssl: true,
        sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
      },
      { metadataMaxAge: 7000, allowAutoTopicCreation: false, maxInFlightRequests: 3, retry: { retries: 3 } },
    );
    expect(options).toMatchObject({
      clientId: 'mine',
      retries: 3,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 150,
      reconnectBackoffMaxMs: 150,
      maxInFlightRequests: 3,
      requestTimeoutMs: 5000,
      deliveryTimeoutMs: 100 + 150 + 150 + 5000 + 3000,
      metadataMaxAgeMs: 7000,
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'p' },
      librdkafka: {
        'socket.timeout.ms': 5000,
        'socket.connection.setup.timeout.ms': 7000,
        'allow.auto.create.topics': false,
      },
    });
  });

  it('takes numbers in digits, as environments have them', () => {
    const config = {
      connectionTimeout: 3000,
      authenticationTimeout: 4000,
      requestTimeout: 5000,
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 150 },
    };
    const producer = { metadataMaxAge: 7000, maxInFlightRequests: 3, retry: { retries: 4 } };
    const inDigits = <T>(options: T): T =>
      JSON.parse(JSON.stringify(options), (_, value) => (typeof value === 'number' ? `${value}` : value));
    expect(engine(inDigits(config), inDigits(producer))).toEqual(engine(config, producer));
    const timeout = { transactionalId: 'id', transactionTimeout: '5000' as unknown as number };
    expect(new EngineOptions({ brokers }, timeout, () => {}).ofTransactions(brokers)).toMatchObject({
      transactionTimeoutMs: 5000,
    });
  });

  it.each<[string, object, object]>([
    ['connectionTimeout', { connectionTimeout: '3s' }, {}],
    ['requestTimeout', { requestTimeout: {} }, {}],
    ['retries', { retry: { retries: 'many' } }, {}],
    ['initialRetryTime', {}, { retry: { initialRetryTime: Number.NaN } }],
    ['maxInFlightRequests', {}, { maxInFlightRequests: '' }],
  ])('refuses what is no number: %s', (name, config, producer) => {
    expect(() => kafka(config).producer(producer)).toThrow(`Invalid ${name}: expected a number, got`);
    expect(() => kafka(config).producer(producer)).toThrow(KafkaJSNonRetriableError);
  });

  it('takes retries that are none for none, and an empty client id for no id', () => {
    expect(engine({ retry: { retries: -1 } })).toMatchObject({ retries: 0, enableIdempotence: false });
    expect(engine({ retry: { retries: 2.5 } }).retries).toBe(3);
    expect(engine({ clientId: '' }).clientId).toBe('kafkajs');
  });

  it.each([
    [0, 1000],
    [1001, 5000],
    [5000, 5000],
    [29_000, 30_000],
    [40_000, 60_000],
    [2_000_000, 70_000],
  ])('rounds a call’s timeout up, within what a request may take: %i ms', (timeout, rounded) => {
    expect(laneSettings({ timeout }, 70_000).timeoutMs).toBe(rounded);
  });

  it.each<[string, ProducerConfig, number, boolean]>([
    ['nothing said', {}, -1, true],
    ['asked for', { idempotent: true }, -1, true],
    ['declined', { idempotent: false }, -1, false],
    ['acks 1', {}, 1, false],
    ['acks 0', {}, 0, false],
    ['no retries', { retry: { retries: 0 } }, -1, false],
    ['many requests in flight', { maxInFlightRequests: 20 }, -1, false],
  ])('is idempotent where it may be: %s', (_, producer, acks, idempotent) => {
    expect(engine({}, producer, acks).enableIdempotence).toBe(idempotent);
  });

  it('takes endless retries', () => {
    const { retries, deliveryTimeoutMs } = engine({ retry: { retries: Number.MAX_SAFE_INTEGER } });
    expect([retries, deliveryTimeoutMs]).toEqual([2147483647, 2147483647]);
    expect(engine({ retry: { retries: Number.POSITIVE_INFINITY, initialRetryTime: 0 } }).retries).toBe(
      2147483647,
    );
  });

  it('trusts Node’s authorities, or those it is given', () => {
    const { ca } = engine({ ssl: true }).ssl as { ca: string[] };
    expect(ca.length).toBeGreaterThan(50);
    const ssl: tls.ConnectionOptions = {
      ca: [Buffer.from('authority')],
      cert: 'certificate',
      key: Buffer.from('key'),
      passphrase: 'secret',
      rejectUnauthorized: false,
      servername: 'kafka.example',
      ciphers: 'AES256',
    };
    expect(engine({ ssl })).toMatchObject({
      ssl: {
        ca: [Buffer.from('authority')],
        cert: 'certificate',
        key: Buffer.from('key'),
        passphrase: 'secret',
        rejectUnauthorized: false,
        verifyHostname: false,
      },
      librdkafka: { 'ssl.cipher.suites': 'AES256' },
    });
  });

  it('trusts those of NODE_EXTRA_CA_CERTS besides, as Node does', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'millrace-'));
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await rm(directory, { recursive: true });
    });
    const file = path.join(directory, 'extra.pem');
    const authority = '-----BEGIN CERTIFICATE-----\n';
    await writeFile(file, authority);
    const authorities = () => (engine({ ssl: true }).ssl as { ca: string[] }).ca;
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '');
    const { length } = authorities();
    vi.stubEnv('NODE_EXTRA_CA_CERTS', file);
    // Where Node tells what it trusts, it has read the file when it started, or not.
    expect(authorities().slice(length)).toEqual('getCACertificates' in tls ? [] : [authority]);
    vi.stubEnv('NODE_EXTRA_CA_CERTS', path.join(directory, 'nothing.pem'));
    expect(authorities()).toHaveLength(length);
    await writeFile(file, 'no certificate');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', file);
    expect(authorities()).toHaveLength(length);
  });

  it('takes what is empty for none, as Node does', () => {
    const ssl = { ca: '', cert: '', key: '', passphrase: '', servername: '', rejectUnauthorized: false };
    const { ca, ...others } = engine({ ssl }).ssl as { ca: string[] };
    expect(ca.length).toBeGreaterThan(50);
    expect(others).toEqual({ rejectUnauthorized: false, verifyHostname: false });
    // But nobody is trusted with an empty list, which makes no connection.
    expect(() => new Producer(engine({ ssl: { ca: [] } }))).toThrow('ssl.ca must be PEM');
  });

  it('has the options that an object takes from its class', async () => {
    class Configuration {
      get brokers() {
        return ['127.0.0.1:1'];
      }
      get retry() {
        return { retries: 0 };
      }
    }
    const refused = await rejection(new Kafka(new Configuration()).producer().connect());
    expect(refused).toMatchObject({ retryCount: 0, cause: { broker: '127.0.0.1:1' } });
  });

  it('reads a token’s end and owner, where it says them', async () => {
    const claims = Buffer.from(JSON.stringify({ exp: 1_900_000_000, sub: 'me' })).toString('base64url');
    const token = async (value: string) => {
      const { sasl } = engine({
        sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value }) },
      });
      return (sasl as { oauthBearerProvider: () => Promise<object> }).oauthBearerProvider();
    };
    expect(await token(`head.${claims}.signature`)).toMatchObject({
      lifetimeMs: 1_900_000_000_000,
      principal: 'me',
    });
    const opaque = (await token('opaque')) as { lifetimeMs: number; principal: string };
    expect(opaque.principal).toBe('');
    expect(opaque.lifetimeMs - Date.now()).toBeGreaterThan(200_000);
  });

  it('of transactions keeps a record within its transaction', () => {
    const options = new EngineOptions(
      { brokers },
      { transactionalId: 'id', transactionTimeout: 5000 },
      () => {},
    );
    expect(options.ofTransactions(brokers)).toMatchObject({
      transactionalId: 'id',
      transactionTimeoutMs: 5000,
      deliveryTimeoutMs: 5000,
      requestTimeoutMs: 5000,
      enableIdempotence: true,
      compression: 'none',
    });
  });

  it.each([
    [{ requestTimeout: 90_000 }, 60_000],
    [{ enforceRequestTimeout: false }, 20_000],
    [{}, 1500.5],
    [{}, 500],
  ])(
    'of transactions is one that librdkafka takes: %o, transactionTimeout %d',
    async (more, transactionTimeout) => {
      const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
      onTestFinished(() => cluster.close());
      const servers = cluster.bootstrapServers.split(',');
      const producer = kafka({ brokers: servers, ...more }).producer({
        transactionalId: 'id',
        transactionTimeout,
      });
      onTestFinished(() => producer.disconnect());
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'orders', messages: [{ value: 'v' }] });
      await transaction.commit();
    },
  );
});

describe('a producer', () => {
  const open = async (config: ProducerConfig = {}, topics = ['orders']) => {
    const cluster = await EmbeddedCluster.start({ topics });
    onTestFinished(() => cluster.close());
    const producer = kafka({ brokers: cluster.bootstrapServers.split(',') }).producer(config);
    onTestFinished(() => producer.disconnect());
    await producer.connect();
    return { cluster, producer };
  };

  it('has few clients, however many combinations of settings are used', async () => {
    const { producer } = await open();
    const threads = () => Number(/Threads:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
    const before = threads();
    for (const acks of [-1, 1, 0]) {
      for (const compression of [0, 1, 2, 3] as const) {
        for (const timeout of [1000, 2000, 10_000, 20_000]) {
          await producer.send({ topic: 'orders', acks, compression, timeout, messages: [{ value: 'a' }] });
        }
      }
    }
    // Each client has three threads or so; those that were closed end a little later.
    await expect.poll(threads, { timeout: 20_000 }).toBeLessThan(before + 40);
    expect(warnings.filter((text) => text.includes('combinations'))).toHaveLength(1);
  });

  it.each<[string, ProducerConfig]>([
    ['its own', {}],
    ['one of the program’s', { createPartitioner: () => () => 0 }],
  ])('leaves a list of messages to its owner at once, with a partitioner that is %s', async (_, config) => {
    const { producer, cluster } = await open(config);
    // The first call waits for the topic, the second for nothing.
    for (const stored of [2, 4]) {
      const messages = [{ value: 'a' }, { value: 'b' }];
      const sent = producer.send({ topic: 'orders', messages });
      messages.length = 0;
      await sent;
      expect(await readBack(cluster.bootstrapServers, 'orders')).toHaveLength(stored);
    }
  });

  it('commits what was sent without waiting for it', async () => {
    const { producer, cluster } = await open({ transactionalId: 'id' });
    const transaction = await producer.transaction();
    const sends = ['a', 'b', 'c'].map((value) =>
      transaction.send({ topic: 'orders', messages: [{ value }] }),
    );
    await transaction.commit();
    expect(await Promise.all(sends)).toHaveLength(3);
    expect(await readBack(cluster.bootstrapServers, 'orders')).toHaveLength(3);
  });

  it('says that a call’s timeout has no effect in a transaction, once', async () => {
    const { producer } = await open({ transactionalId: 'id' });
    const transaction = await producer.transaction();
    const call = { topic: 'orders', timeout: 1000, messages: [{ value: 'a' }] };
    await transaction.send(call);
    await transaction.send(call);
    await transaction.commit();
    expect(warnings).toEqual([
      'timeout of a call has no effect in a transaction: transactionTimeout bounds all of it',
    ]);
  });

  it('begins transactions with another client after a fatal error', async () => {
    const { producer, cluster } = await open({ transactionalId: 'id' });
    cluster.failRequests('EndTxn', 'INVALID_TXN_STATE');
    const failing = await producer.transaction();
    await failing.send({ topic: 'orders', messages: [{ value: 'lost' }] });
    const error = await rejection(failing.commit());
    expect(error).toMatchObject({ type: 'INVALID_TXN_STATE', retriable: false });
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'orders', messages: [{ value: 'kept' }] });
    await transaction.commit();
  });

  it('compresses natively, whatever codecs are registered', async () => {
    const { producer } = await open();
    for (const compression of [0, 1, 2, 3] as const) {
      const messages = [{ value: 'x'.repeat(500) }];
      expect(await producer.send({ topic: 'orders', compression, messages })).toHaveLength(1);
    }
    expect(
      await rejection(producer.send({ topic: 'orders', compression: 9 as never, messages: [{ value: '' }] })),
    ).toMatchObject({
      name: 'KafkaJSNotImplemented',
      message: expect.stringContaining('Invalid compression 9'),
    });
  });

  it('refuses a partition that is not there, where kafkajs drops the message', async () => {
    const { producer, cluster } = await open();
    for (const partition of [99, -1]) {
      const messages = [{ value: 'good' }, { value: 'lost', partition }];
      expect(await rejection(producer.send({ topic: 'orders', messages }))).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        retriable: false,
      });
    }
    const stored = await readBack(cluster.bootstrapServers, 'orders');
    expect(stored.map(({ value }) => String(value))).toEqual(['good', 'good']);
  });

  it('takes any Uint8Array as bytes, and null headers as null', async () => {
    const { producer, cluster } = await open();
    const message = { value: new Uint8Array([1, 2]) as Buffer, headers: { h: null as never } };
    await producer.send({ topic: 'orders', messages: [message] });
    const [stored] = await readBack(cluster.bootstrapServers, 'orders');
    expect(stored).toMatchObject({ value: Buffer.from([1, 2]), headers: [['h', null]] });
  });

  it('fails what a lost broker does not take, within its retries', async () => {
    const { producer, cluster } = await open({ retry: { retries: 1, initialRetryTime: 100 } });
    cluster.brokerDown(1);
    const error = await rejection(producer.send({ topic: 'new', timeout: 1000, messages: [{ value: 'a' }] }));
    expect(error).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      retryCount: 1,
      cause: { name: 'KafkaJSConnectionError' },
    });
  });

  it('tells how many requests wait, where somebody listens', async () => {
    const cluster = await EmbeddedCluster.start({ topics: ['orders'] });
    onTestFinished(() => cluster.close());
    const producer = kafka({ brokers: cluster.bootstrapServers.split(','), clientId: 'me' }).producer();
    onTestFinished(() => producer.disconnect());
    const payloads: object[] = [];
    producer.on(producer.events.REQUEST_QUEUE_SIZE, ({ payload }) => payloads.push(payload));
    await producer.connect();
    await producer.send({ topic: 'orders', messages: [{ value: 'a' }] });
    await expect.poll(() => payloads.length, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(payloads[0]).toEqual({
      broker: cluster.bootstrapServers,
      clientId: 'me',
      queueSize: expect.any(Number),
    });
  });

  it('leaves the codecs that are registered to consumers, whichever came first', () => {
    const { GZIP, Snappy } = CompressionTypes;
    const theirs = installedKafkaJS.CompressionCodecs[Snappy];
    onTestFinished(() => {
      installedKafkaJS.CompressionCodecs[Snappy] = theirs;
    });
    expect(CompressionCodecs[GZIP]).toBe(installedKafkaJS.CompressionCodecs[GZIP]);
    kafka().consumer({ groupId: 'g' });
    const codec = () => ({ compress: async () => Buffer.alloc(0) });
    CompressionCodecs[Snappy] = codec;
    expect(installedKafkaJS.CompressionCodecs[Snappy]).toBe(codec);
    expect({ ...CompressionCodecs }[Snappy]).toBe(codec);
  });
});
