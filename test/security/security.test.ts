// Who may connect to a real Kafka, and what the others are told.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MillraceError, Producer, ProducerOptions } from '../../src';
import { TopicAdmin } from '../../src/admin/topic-admin';
import { readBack } from '../broker/read-back';
import { partitionStates } from '../broker/topics';
import { openProducer } from '../testing/open-producer';
import { encryptedKey } from './certificates';
import { describeOnSecuredKafka, PASSWORD, USER } from './secured-kafka';
import { unsecuredToken } from './tokens';

type Credentials = Pick<ProducerOptions, 'ssl' | 'sasl' | 'librdkafka'>;

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const CONNECT_TIMEOUT_MS = 10_000;

describeOnSecuredKafka('a Kafka that asks who comes', (secured) => {
  function producerAt(listener: string, credentials: Credentials): Producer {
    const bootstrapServers = secured.kafka.serversOf(listener);
    return openProducer({ bootstrapServers, connectTimeoutMs: CONNECT_TIMEOUT_MS, ...credentials });
  }

  /** Connects, produces, and finds the record through a listener that asks nothing. */
  async function isLetIn(listener: string, credentials: Credentials): Promise<void> {
    const producer = producerAt(listener, credentials);
    await producer.connect();
    const { offset } = await producer.send({ topic: secured.topic, value: `by ${listener}` });
    const records = await readBack(secured.kafka.bootstrapServers, secured.topic);
    expect(records[Number(offset)].value?.toString()).toBe(`by ${listener}`);
  }

  async function isRefused(listener: string, credentials: Credentials): Promise<MillraceError> {
    const started = performance.now();
    const outcome = await producerAt(listener, credentials)
      .connect()
      .catch((error: unknown) => error);
    expect(outcome).toMatchObject({ name: 'ConnectionError', retriable: false });
    expect(performance.now() - started).toBeLessThan(CONNECT_TIMEOUT_MS);
    return outcome as MillraceError;
  }

  describe('by certificate', () => {
    it('lets in who knows its authority', () => isLetIn('TLS', { ssl: { ca: secured.ca } }));

    it('lets in who knows several, in bytes', () =>
      isLetIn('TLS', { ssl: { ca: [Buffer.from(secured.stranger.cert), Buffer.from(secured.ca)] } }));

    it('lets in who has one itself', () => {
      const { cert, key } = secured.client;
      return isLetIn('MUTUAL', { ssl: { ca: secured.ca, cert, key } });
    });

    it('lets in who has one whose key is encrypted', async () => {
      const key = await encryptedKey(secured.client, 'passphrase');
      await isLetIn('MUTUAL', {
        ssl: { ca: secured.ca, cert: secured.client.cert, key, passphrase: 'passphrase' },
      });
    });

    it('lets in who doesn’t care', async () => {
      await isLetIn('TLS', { ssl: { rejectUnauthorized: false } });
      await isLetIn('EXPIRED', { ssl: { rejectUnauthorized: false } });
      await isLetIn('ELSEWHERE', { ssl: { ca: secured.ca, verifyHostname: false } });
    });

    it.each([
      {
        what: 'of an unknown authority',
        listener: 'TLS',
        says: /certificate was signed by an unknown authority/,
      },
      { what: 'that has expired', listener: 'EXPIRED', says: /certificate has expired/ },
      {
        what: 'for another host',
        listener: 'ELSEWHERE',
        says: /certificate is for another host name or address/,
      },
    ])('refuses one $what, and says so', async ({ listener, says }) => {
      const ours = listener === 'TLS' ? secured.stranger.cert : secured.ca;
      const error = await isRefused(listener, { ssl: { ca: ours } });
      expect(error.code).toBe('_SSL');
      expect(error.message).toMatch(says);
      expect(error.cause).toMatchObject({ code: '_SSL', message: expect.stringMatching(says) });
    });

    it('refuses one of an unknown authority when nothing was said', async () => {
      expect(await isRefused('TLS', { ssl: true })).toMatchObject({ code: '_SSL' });
    });

    it('is told that it wants one', async () => {
      const error = await isRefused('MUTUAL', { ssl: { ca: secured.ca } });
      expect(error.code).toBe('_SSL');
      expect(error.message).toMatch(/it wants a certificate that it trusts \(see ssl\.cert, ssl\.key\)/);
    });
  });

  it.each([
    { by: 'password', sasl: { mechanism: 'SCRAM-SHA-256' as const, username: USER, password: PASSWORD } },
    {
      by: 'token',
      sasl: {
        mechanism: 'OAUTHBEARER' as const,
        oauthBearerProvider: async () => ({ value: unsecuredToken(60) }),
      },
    },
  ])('lets topics be made, grown and deleted by $by', async ({ by, sasl }) => {
    const bootstrapServers = secured.kafka.serversOf('SASL');
    const admin = await TopicAdmin.open({ bootstrapServers, ssl: { ca: secured.ca }, sasl });
    onTestFinished(() => admin.close());
    const made = `made-by-${by}`;
    await admin.createTopic({ topic: made, partitions: 1, replicationFactor: 1 }, 20_000);
    await admin.createPartitions(made, 2, 20_000);
    const partitions = () => partitionStates(secured.kafka.bootstrapServers, made);
    await expect.poll(partitions, { timeout: 20_000 }).toHaveLength(2);
    await admin.deleteTopic(made, 20_000);
    await expect(admin.createPartitions(made, 3, 20_000)).rejects.toMatchObject({
      name: 'MillraceError',
      code: 'UNKNOWN_TOPIC_OR_PART',
      retriable: true,
      message: expect.stringMatching(`^topic ${made} got no partitions: `),
    });
  });

  describe.each(MECHANISMS)('by %s', (mechanism) => {
    const sasl = { mechanism, username: USER, password: PASSWORD };

    it('lets in the right password', () => isLetIn('SASL', { ssl: { ca: secured.ca }, sasl }));

    it('lets it in unencrypted when that was asked for', () => isLetIn('CLEAR', { ssl: false, sasl }));

    it.each([
      { wrong: 'password', credentials: { ...sasl, password: 'guessed' } },
      { wrong: 'user', credentials: { ...sasl, username: 'mallory' } },
    ])('refuses a wrong $wrong', async ({ credentials }) => {
      const error = await isRefused('SASL', { ssl: { ca: secured.ca }, sasl: credentials });
      expect(error.code).toBe('_AUTHENTICATION');
      expect(error.message).toMatch(/SASL authentication error: Authentication failed/);
    });

    it('does not show the password to an impostor', async () => {
      const error = await isRefused('SASL', { ssl: { ca: secured.stranger.cert }, sasl });
      expect(error.code).toBe('_SSL');
    });
  });

  describe('by token', () => {
    const withProvider = (oauthBearerProvider: () => Promise<{ value: string }>): Credentials => ({
      ssl: { ca: secured.ca },
      sasl: { mechanism: 'OAUTHBEARER', oauthBearerProvider },
    });

    it('lets in who has one, and goes on with new ones before they expire', async () => {
      // librdkafka looks once a second whether 80 % of a token's life are over, and presents what it has when 90 % of the
      // session's are: what is left then must be enough for a busy machine's handshake.
      const LIFE_SECONDS = 15;
      let given = 0;
      const producer = producerAt(
        'SASL',
        withProvider(async () => {
          given++;
          return { value: unsecuredToken(LIFE_SECONDS) };
        }),
      );
      const errors: unknown[] = [];
      // A new connection that comes in the middle of a refresh may be told to begin anew; it does.
      const passing = /Request not valid in current SASL state/;
      producer.on('brokerError', (error) => {
        if (!passing.test(error.message)) errors.push(error);
      });
      await producer.connect();
      const until = performance.now() + (LIFE_SECONDS + 3) * 1000;
      while (performance.now() < until) {
        await producer.send({ topic: secured.topic, value: 'by token' });
        await sleep(50);
      }
      expect(given).toBeGreaterThanOrEqual(2);
      expect(errors).toEqual([]);
    });

    it('refuses one that the broker doesn’t believe', async () => {
      const value = `${unsecuredToken(60)}forged`;
      expect(
        await isRefused(
          'SASL',
          withProvider(async () => ({ value })),
        ),
      ).toMatchObject({
        code: '_AUTHENTICATION',
        message: expect.stringMatching(/invalid_token/),
      });
    });

    it.each<[string, object, RegExp]>([
      [
        'extensions that are none',
        { extensions: null },
        /the token’s extensions must be an object of strings/,
      ],
      ['extensions in a Map', { extensions: new Map([['a', 'b']]) }, /the token’s extensions must be/],
      ['an extension that is no text', { extensions: { a: 5 } }, /the token’s extensions must be/],
      ['a principal that is no text', { principal: 5 }, /the token’s principal must be a string/],
    ])('tells of %s', async (_, fields, message) => {
      const provider = async () => ({ value: unsecuredToken(60), ...fields }) as never;
      await expect(producerAt('SASL', withProvider(provider)).connect()).rejects.toMatchObject({
        code: '_AUTHENTICATION',
        message: expect.stringMatching(message),
      });
    });

    it('tells why there is none, and recovers when there is', async () => {
      let works = false;
      const producer = producerAt(
        'SASL',
        withProvider(async () => {
          if (!works) throw new Error('the token service is down');
          return { value: unsecuredToken(60) };
        }),
      );
      await expect(producer.connect()).rejects.toMatchObject({
        code: '_AUTHENTICATION',
        message: expect.stringMatching(/oauthBearerProvider: the token service is down/),
      });
      works = true;
      await producer.connect();
      await producer.send({ topic: secured.topic, value: 'after all' });
    });

    it('goes on after a provider that failed while tokens expired', async () => {
      let works = true;
      let failures = 0;
      const producer = openProducer({
        bootstrapServers: secured.kafka.serversOf('SASL'),
        deliveryTimeoutMs: 60_000,
        ...withProvider(async () => {
          if (works) return { value: unsecuredToken(5) };
          failures++;
          throw new Error('the token service is down');
        }),
      });
      const told = new Set<string>();
      producer.on('brokerError', ({ message, fatal }) => told.add(`${fatal} ${message}`));
      await producer.connect();
      const sent: Promise<unknown>[] = [];
      const sendFor = async (ms: number) => {
        for (const until = performance.now() + ms; performance.now() < until; await sleep(50)) {
          sent.push(producer.send({ topic: secured.topic, value: 'by token' }));
        }
      };
      await sendFor(1000);
      works = false;
      // Longer than a token lives: the broker ends its connections (KIP-368).
      await sendFor(9000);
      expect(failures).toBeGreaterThan(0);
      expect([...told].filter((one) => one.includes('the token service is down'))).toEqual([
        expect.stringMatching(/^false .*oauthBearerProvider: the token service is down/),
      ]);
      works = true;
      await sendFor(2000);
      // librdkafka asks again ten seconds after a failure.
      await Promise.all(sent);
      expect(await producer.close()).toMatchObject({ accepted: sent.length, delivered: sent.length });
    }, 90_000);

    it('tells that the provider keeps it waiting', async () => {
      const producer = openProducer({
        bootstrapServers: secured.kafka.serversOf('SASL'),
        connectTimeoutMs: 1000,
        ...withProvider(() => new Promise(() => {})),
      });
      await expect(producer.connect()).rejects.toMatchObject({
        code: 'CONNECTION_FAILED',
        message: expect.stringMatching(/oauthBearerProvider has not settled its promise/),
      });
    });
  });

  it('is told apart from one that doesn’t', async () => {
    const producer = openProducer({
      bootstrapServers: secured.kafka.serversOf('TLS'),
      connectTimeoutMs: 4000,
    });
    await expect(producer.connect()).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/want TLS or SASL/),
    });
    const other = openProducer({
      bootstrapServers: secured.kafka.bootstrapServers,
      connectTimeoutMs: 4000,
      ssl: { ca: secured.ca },
    });
    await expect(other.connect()).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/PLAINTEXT broker listener/),
    });
  });

  describe('tells a send without connect()', () => {
    const sasl = { mechanism: 'SCRAM-SHA-256' as const, username: USER, password: PASSWORD };

    it.each<{ why: string; code: string; says: RegExp; credentials: () => Credentials }>([
      {
        why: 'a wrong password',
        code: '_AUTHENTICATION',
        says: /the brokers refused the connection: .*SASL authentication error: Authentication failed/,
        credentials: () => ({ ssl: { ca: secured.ca }, sasl: { ...sasl, password: 'guessed' } }),
      },
      {
        why: 'an unknown authority',
        code: '_SSL',
        says: /the brokers refused the connection: .*certificate was signed by an unknown authority/,
        credentials: () => ({ ssl: { ca: secured.stranger.cert }, sasl }),
      },
    ])('of $why, each time', async ({ code, says, credentials }) => {
      const producer = producerAt('SASL', credentials());
      const refusal = { name: 'RecordError', code, retriable: false, message: expect.stringMatching(says) };
      for (let round = 0; round < 2; round++) {
        const started = performance.now();
        await expect(producer.send({ topic: secured.topic, value: 'v' })).rejects.toMatchObject(refusal);
        const records = [
          { topic: secured.topic, value: 'v' },
          { topic: 'another', value: 'v' },
        ];
        await expect(producer.sendBatch(records)).rejects.toMatchObject({ errors: [refusal, refusal] });
        expect(performance.now() - started).toBeLessThan(CONNECT_TIMEOUT_MS * 2);
      }
      expect(producer.metrics()).toMatchObject({ waitingSends: 0, outstandingRecords: 0 });
    });

    it('of no token, and delivers as soon as there is one', async () => {
      let works = false;
      const provider = async () => {
        if (!works) throw new Error('the token service is down');
        return { value: unsecuredToken(60) };
      };
      const producer = producerAt('SASL', {
        ssl: { ca: secured.ca },
        sasl: { mechanism: 'OAUTHBEARER', oauthBearerProvider: provider },
      });
      await expect(producer.send({ topic: secured.topic, value: 'v' })).rejects.toMatchObject({
        code: '_AUTHENTICATION',
        message: expect.stringMatching(/oauthBearerProvider: the token service is down/),
      });
      works = true;
      await expect
        .poll(
          () =>
            producer.send({ topic: secured.topic, value: 'v' }).then(({ partition }) => partition, String),
          {
            timeout: 30_000,
          },
        )
        .toBe(0);
    }, 60_000);

    it('nothing of the kind while the broker is only away', async () => {
      const producer = openProducer({
        bootstrapServers: 'localhost:1',
        maxBlockMs: 2000,
        ssl: { ca: secured.ca },
        sasl,
      });
      await expect(producer.send({ topic: secured.topic, value: 'v' })).rejects.toMatchObject({
        code: 'METADATA_TIMEOUT',
      });
    });
  });
});
