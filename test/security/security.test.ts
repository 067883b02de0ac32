// Who may connect to a real Kafka, and what the others are told.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { MillraceError, Producer, ProducerOptions } from '../../src';
import { TopicAdmin } from '../../src/admin/topic-admin';
import { readBack } from '../broker/read-back';
import { describeOnKafka } from '../broker/real-broker';
import { createTopic, partitionStates } from '../broker/topics';
import { openProducer } from '../testing/open-producer';
import { encryptedKey } from './certificates';
import { everythingSaid } from './everything-said';
import { PASSWORD, SecuredKafka, USER } from './secured-kafka';
import { unsecuredToken } from './tokens';

type Credentials = Pick<ProducerOptions, 'ssl' | 'sasl' | 'librdkafka'>;

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const CONNECT_TIMEOUT_MS = 10_000;

describeOnKafka('a Kafka that asks who comes', () => {
  let secured: SecuredKafka;
  let topic: string;
  let ca: string;

  beforeAll(async () => {
    secured = await SecuredKafka.start();
    topic = await createTopic(secured.kafka.bootstrapServers, { partitions: 1 });
    ca = secured.authority.cert;
  });
  afterAll(() => secured?.stop());

  function producerAt(listener: string, credentials: Credentials): Producer {
    const bootstrapServers = secured.kafka.serversOf(listener);
    return openProducer({ bootstrapServers, connectTimeoutMs: CONNECT_TIMEOUT_MS, ...credentials });
  }

  /** Connects, produces, and finds the record through a listener that asks nothing. */
  async function isLetIn(listener: string, credentials: Credentials): Promise<void> {
    const producer = producerAt(listener, credentials);
    await producer.connect();
    const { offset } = await producer.send({ topic, value: `by ${listener}` });
    const records = await readBack(secured.kafka.bootstrapServers, topic);
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
    it('lets in who knows its authority', () => isLetIn('TLS', { ssl: { ca } }));

    it('lets in who knows several, in bytes', () =>
      isLetIn('TLS', { ssl: { ca: [Buffer.from(secured.stranger.cert), Buffer.from(ca)] } }));

    it('lets in who has one itself', () => {
      const { cert, key } = secured.client;
      return isLetIn('MUTUAL', { ssl: { ca, cert, key } });
    });

    it('lets in who has one whose key is encrypted', async () => {
      const key = await encryptedKey(secured.client, 'passphrase');
      await isLetIn('MUTUAL', { ssl: { ca, cert: secured.client.cert, key, passphrase: 'passphrase' } });
    });

    it('lets in who doesn’t care', async () => {
      await isLetIn('TLS', { ssl: { rejectUnauthorized: false } });
      await isLetIn('EXPIRED', { ssl: { rejectUnauthorized: false } });
      await isLetIn('ELSEWHERE', { ssl: { ca, verifyHostname: false } });
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
      const ours = listener === 'TLS' ? secured.stranger.cert : ca;
      const error = await isRefused(listener, { ssl: { ca: ours } });
      expect(error.code).toBe('_SSL');
      expect(error.message).toMatch(says);
      expect(error.cause).toMatchObject({ code: '_SSL', message: expect.stringMatching(says) });
    });

    it('refuses one of an unknown authority when nothing was said', async () => {
      expect(await isRefused('TLS', { ssl: true })).toMatchObject({ code: '_SSL' });
    });

    it('is told that it wants one', async () => {
      const error = await isRefused('MUTUAL', { ssl: { ca } });
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
    const admin = await TopicAdmin.open({ bootstrapServers, ssl: { ca }, sasl });
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

    it('lets in the right password', () => isLetIn('SASL', { ssl: { ca }, sasl }));

    it('lets it in unencrypted when that was asked for', () => isLetIn('CLEAR', { ssl: false, sasl }));

    it.each([
      { wrong: 'password', credentials: { ...sasl, password: 'guessed' } },
      { wrong: 'user', credentials: { ...sasl, username: 'mallory' } },
    ])('refuses a wrong $wrong', async ({ credentials }) => {
      const error = await isRefused('SASL', { ssl: { ca }, sasl: credentials });
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
      ssl: { ca },
      sasl: { mechanism: 'OAUTHBEARER', oauthBearerProvider },
    });

    it('lets in who has one, and goes on with new ones before they expire', async () => {
      let given = 0;
      const producer = producerAt(
        'SASL',
        withProvider(async () => {
          given++;
          return { value: unsecuredToken(5) };
        }),
      );
      const errors: unknown[] = [];
      // A new connection that comes in the middle of a refresh may be told to begin anew; it does.
      const passing = /Request not valid in current SASL state/;
      producer.on('brokerError', (error) => {
        if (!passing.test(error.message)) errors.push(error);
      });
      await producer.connect();
      const until = performance.now() + 10_000;
      while (performance.now() < until) {
        await producer.send({ topic, value: 'by token' });
        await sleep(50);
      }
      expect(given).toBeGreaterThanOrEqual(3);
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
      await producer.send({ topic, value: 'after all' });
    });

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
      connectTimeoutMs: 1000,
    });
    await expect(producer.connect()).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/want TLS or SASL/),
    });
    const other = openProducer({
      bootstrapServers: secured.kafka.bootstrapServers,
      connectTimeoutMs: 1000,
      ssl: { ca },
    });
    await expect(other.connect()).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/PLAINTEXT broker listener/),
    });
  });

  describe('secrets', () => {
    const PASSPHRASE = 'planted-passphrase-92ab01';

    it('are in nothing the producer says, not even when asked for everything', async () => {
      const key = await encryptedKey(secured.client, PASSPHRASE);
      const token = unsecuredToken(60);
      const keyLine = key.split('\n')[2];
      const plainKeyLine = secured.client.key.split('\n')[1];
      const secrets = [PASSWORD, PASSPHRASE, token, keyLine, plainKeyLine];
      expect(secrets.every((secret) => secret.length > 15)).toBe(true);
      const ssl = { ca, cert: secured.client.cert, key, passphrase: PASSPHRASE };
      const oauth = { mechanism: 'OAUTHBEARER' as const };
      const attempts: [string, Credentials][] = [
        ...MECHANISMS.flatMap((mechanism): [string, Credentials][] => [
          ['SASL', { ssl, sasl: { mechanism, username: USER, password: PASSWORD } }],
          ['SASL', { ssl, sasl: { mechanism, username: 'mallory', password: PASSWORD } }],
          ['TLS', { ssl, sasl: { mechanism, username: USER, password: PASSWORD } }],
        ]),
        ['SASL', { ssl, sasl: { ...oauth, oauthBearerProvider: async () => ({ value: token }) } }],
        ['SASL', { ssl, sasl: { ...oauth, oauthBearerProvider: async () => ({ value: `${token}x` }) } }],
        [
          'SASL',
          { ssl, sasl: { ...oauth, oauthBearerProvider: async () => ({ value: token, lifetimeMs: 1 }) } },
        ],
        ['MUTUAL', { ssl }],
        ['MUTUAL', { ssl: { ...ssl, key: secured.client.key, passphrase: undefined } }],
        ['EXPIRED', { ssl }],
        // Refused before anything is sent: a passphrase that does not fit, a key that is another's, no key at all.
        ['MUTUAL', { ssl: { ...ssl, passphrase: `${PASSPHRASE}x` } }],
        ['MUTUAL', { ssl: { ...ssl, key: key.replace(keyLine, keyLine.toLowerCase()) } }],
        ['MUTUAL', { ssl: { ...ssl, cert: ca } }],
      ];
      let said = '';
      for (const [listener, credentials] of attempts) {
        said += await everythingSaid(
          {
            bootstrapServers: secured.kafka.serversOf(listener),
            connectTimeoutMs: 2000,
            maxBlockMs: 1000,
            ...credentials,
            librdkafka: { debug: 'all', 'statistics.interval.ms': 100 },
          },
          topic,
        );
      }
      expect(said.length).toBeGreaterThan(100_000);
      expect(said).toContain('sasl.password');
      for (const secret of secrets) {
        for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]) {
          const at = said.indexOf(form);
          expect(at < 0 ? 'not said' : said.slice(Math.max(0, at - 300), at)).toBe('not said');
        }
      }
    }, 60_000);
  });
});
