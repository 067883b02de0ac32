// Who is let in by a Kafka that asks, read back through a listener that does not; what the others are told.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KafkaConfig } from '../../src/kafkajs';
import { readBack } from '../broker/read-back';
import { encryptedKey } from '../security/certificates';
import { describeOnSecuredKafka, PASSWORD, USER } from '../security/secured-kafka';
import { unsecuredToken } from '../security/tokens';
import { describeLibraries, QUICK_RETRY, rejection } from './libraries';

type Credentials = Pick<KafkaConfig, 'ssl' | 'sasl'>;

const PASSWORDS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

describeOnSecuredKafka('security', (secured) => {
  describeLibraries('of a connection', (library, isMillrace) => {
    const producerAt = (listener: string, credentials: Credentials) => {
      process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
      const kafka = new library.Kafka({
        brokers: [secured.kafka.serversOf(listener)],
        logLevel: library.logLevel.NOTHING,
        connectionTimeout: 5000,
        retry: QUICK_RETRY,
        ...credentials,
      });
      const producer = kafka.producer();
      onTestFinished(() => producer.disconnect());
      return producer;
    };

    const isLetIn = async (listener: string, credentials: Credentials) => {
      const producer = producerAt(listener, credentials);
      await producer.connect();
      const value = `by ${expect.getState().currentTestName}`;
      const [{ baseOffset }] = await producer.send({ topic: secured.topic, messages: [{ value }] });
      const stored = await readBack(secured.kafka.bootstrapServers, secured.topic);
      expect(String(stored[Number(baseOffset)].value)).toBe(value);
    };

    const refusal = (listener: string, credentials: Credentials) =>
      rejection(producerAt(listener, credentials).connect());

    describe.each(PASSWORDS)('by %s', (mechanism) => {
      const sasl = (password: string) =>
        ({ mechanism, username: USER, password }) as unknown as KafkaConfig['sasl'];

      it('lets in the right password, over TLS', () =>
        isLetIn('SASL', { ssl: { ca: [secured.ca] }, sasl: sasl(PASSWORD) }));

      it('lets it in without TLS', () => isLetIn('CLEAR', { sasl: sasl(PASSWORD) }));

      it('lets it in beside an admin client that has connected', async () => {
        const config = {
          brokers: [secured.kafka.serversOf('CLEAR')],
          logLevel: library.logLevel.NOTHING,
          sasl: sasl(PASSWORD),
        };
        const before = { ...config.sasl };
        const kafka = new library.Kafka(config);
        const admin = kafka.admin();
        await admin.connect();
        onTestFinished(() => admin.disconnect());
        const producer = kafka.producer();
        onTestFinished(() => producer.disconnect());
        await producer.connect();
        await producer.send({ topic: secured.topic, messages: [{ value: 'beside' }] });
        if (!isMillrace) return;
        expect(config.sasl).toEqual(before);
        // What kafkajs leaves in an object that both libraries were given.
        const used = { ...before, authenticationProvider: () => {} } as unknown as KafkaConfig['sasl'];
        await isLetIn('CLEAR', { sasl: used });
      });

      it('refuses a wrong one', async () => {
        const error = await refusal('SASL', { ssl: { ca: [secured.ca] }, sasl: sasl('guessed') });
        expect(error).toMatchObject({ name: 'KafkaJSSASLAuthenticationError', retriable: false });
        expect(error).toBeInstanceOf(library.KafkaJSSASLAuthenticationError);
        expect(error).toBeInstanceOf(library.KafkaJSNonRetriableError);
        expect(error.message).toContain('Authentication failed');
      });
    });

    describe('by oauthbearer', () => {
      const sasl = (value: string): KafkaConfig['sasl'] => ({
        mechanism: 'oauthbearer',
        oauthBearerProvider: async () => ({ value }),
      });

      it('lets in a token', () =>
        isLetIn('SASL', { ssl: { ca: [secured.ca] }, sasl: sasl(unsecuredToken(60)) }));

      it('refuses one that the broker doesn’t believe; kafkajs takes the refusal for consent', async () => {
        const forged = sasl(`${unsecuredToken(60)}forged`);
        const connecting = producerAt('SASL', { ssl: { ca: [secured.ca] }, sasl: forged }).connect();
        if (isMillrace) {
          const error = await rejection(connecting);
          expect(error).toMatchObject({ name: 'KafkaJSSASLAuthenticationError', retriable: false });
          expect(error.message).toContain('invalid_token');
        } else {
          await connecting;
        }
      });

      it('tells what the provider threw', async () => {
        const failing: KafkaConfig['sasl'] = {
          mechanism: 'oauthbearer',
          oauthBearerProvider: async () => {
            throw new Error('the token service is down');
          },
        };
        const error = await refusal('SASL', { ssl: { ca: [secured.ca] }, sasl: failing });
        expect(error.message).toContain('the token service is down');
        // In kafkajs it is what was thrown.
        expect(error).toMatchObject({ name: isMillrace ? 'KafkaJSSASLAuthenticationError' : 'Error' });
      });
    });

    describe('by certificate', () => {
      const inBytes = () => ({
        ca: [Buffer.from(secured.ca)],
        cert: Buffer.from(secured.client.cert),
        key: Buffer.from(secured.client.key),
      });

      it('lets in one whose parts are Buffers', () => isLetIn('MUTUAL', { ssl: inBytes() }));

      it('lets in one whose parts are strings', () => {
        const { cert, key } = secured.client;
        return isLetIn('MUTUAL', { ssl: { ca: secured.ca, cert, key } });
      });

      it('lets in one whose key is encrypted', async () => {
        const key = Buffer.from(await encryptedKey(secured.client, 'passphrase'));
        await isLetIn('MUTUAL', { ssl: { ...inBytes(), key, passphrase: 'passphrase' } });
      });

      it.each(['TLS', 'EXPIRED', 'ELSEWHERE'])(
        'doesn’t care for the broker’s where that was asked for: %s',
        (listener) => isLetIn(listener, { ssl: { rejectUnauthorized: false } }),
      );

      it.each<[string, string, () => Credentials, string]>([
        [
          'another authority’s',
          'TLS',
          () => ({ ssl: { ca: secured.stranger.cert } }),
          'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        ],
        ['that Node doesn’t trust', 'TLS', () => ({ ssl: true }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
        ['expired', 'EXPIRED', () => ({ ssl: { ca: secured.ca } }), 'CERT_HAS_EXPIRED'],
        ['another host’s', 'ELSEWHERE', () => ({ ssl: { ca: secured.ca } }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
        [
          'that wants ours',
          'MUTUAL',
          () => ({ ssl: { ca: secured.ca } }),
          // Which alert a broker sends is its Java's to say.
          expect.stringMatching(
            /^ERR_SSL_(TLSV13_ALERT_CERTIFICATE_REQUIRED|SSLV3_ALERT_BAD_CERTIFICATE)$/,
          ) as unknown as string,
        ],
      ])('has no dealings with a broker: %s', async (_, listener, credentials, code) => {
        const error = await refusal(listener, credentials());
        expect(error).toMatchObject({
          name: 'KafkaJSNumberOfRetriesExceeded',
          retriable: false,
          retryCount: QUICK_RETRY.retries,
          cause: {
            name: 'KafkaJSConnectionError',
            retriable: true,
            broker: secured.kafka.serversOf(listener),
            code,
          },
        });
        expect(error.cause).toBeInstanceOf(library.KafkaJSConnectionError);
      });
    });
  });
});
