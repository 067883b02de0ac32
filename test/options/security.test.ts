// The options ssl and sasl: what they become for librdkafka, and that no message quotes a secret.
import { describe, expect, it } from 'vitest';
import { ConfigError, Producer } from '../../src';
import { checkedSasl, checkedSsl, securityProperties } from '../../src/options/security';

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
const SECRET = 'hunter2-secret';

function refusal(options: object): ConfigError {
  try {
    new Producer({ bootstrapServers: 'a:1', ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('was accepted');
}

function properties(ssl: unknown, sasl?: unknown): Record<string, string> {
  const checkedOrNot = <T>(value: unknown, check: (value: unknown) => T) =>
    value === undefined ? undefined : check(value);
  return Object.fromEntries(
    securityProperties(checkedOrNot(ssl, checkedSsl), checkedOrNot(sasl, checkedSasl)),
  );
}

describe('ssl and sasl', () => {
  const plain = { mechanism: 'PLAIN', username: 'me', password: SECRET };

  it('become nothing when neither is said', () => {
    expect(properties(undefined)).toEqual({});
  });

  it('become a protocol, encrypted unless that was refused', () => {
    expect(properties(true)).toEqual({ 'security.protocol': 'ssl' });
    expect(properties(false)).toEqual({ 'security.protocol': 'plaintext' });
    expect(properties(undefined, plain)).toMatchObject({ 'security.protocol': 'sasl_ssl' });
    expect(properties(false, plain)).toEqual({
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': 'me',
      'sasl.password': SECRET,
    });
  });

  it('take certificates as text or bytes, one or several', () => {
    const whole = {
      ca: [PEM, Buffer.from(`\n${PEM}\n\n`)],
      cert: new TextEncoder().encode(PEM),
      key: PEM,
      passphrase: SECRET,
      rejectUnauthorized: true,
      verifyHostname: false,
    };
    expect(properties(whole)).toEqual({
      'security.protocol': 'ssl',
      'ssl.ca.pem': `${PEM}\n${PEM}\n`,
      'ssl.certificate.pem': `${PEM}\n`,
      'ssl.key.pem': `${PEM}\n`,
      'ssl.key.password': SECRET,
      'enable.ssl.certificate.verification': 'true',
      'ssl.endpoint.identification.algorithm': 'none',
    });
  });

  it('take mechanisms in any case, as kafkajs spells them', () => {
    expect(properties(undefined, { ...plain, mechanism: 'scram-sha-256' })).toMatchObject({
      'sasl.mechanisms': 'SCRAM-SHA-256',
    });
  });

  it.each([
    [{ ssl: { servername: 'x' } }, 'option ssl has no servername; it has ca, cert'],
    [{ ssl: { ca: SECRET } }, 'option ssl.ca must be PEM'],
    [{ ssl: { ca: [] } }, 'option ssl.ca must be PEM'],
    [{ ssl: { ca: [PEM, 5] } }, 'option ssl.ca must be PEM'],
    [{ ssl: { cert: PEM } }, 'cert and key must be given together'],
    [{ ssl: { key: PEM } }, 'cert and key must be given together'],
    [{ ssl: { cert: PEM, key: SECRET } }, 'option ssl.key must be PEM'],
    [{ ssl: { passphrase: 5 } }, 'option ssl.passphrase must be a string'],
    [{ ssl: { rejectUnauthorized: 0 } }, 'option ssl.rejectUnauthorized must be a boolean'],
    [{ sasl: {} }, 'option sasl.mechanism must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512'],
    [{ sasl: { mechanism: SECRET } }, 'option sasl.mechanism must be one of'],
    [{ sasl: { ...plain, password: undefined } }, 'option sasl.password must be a string'],
    [{ sasl: { ...plain, password: { [SECRET]: 1 } } }, 'option sasl.password must be a string'],
    [{ sasl: { ...plain, username: '' } }, 'option sasl.username must be a string that is not empty'],
    [{ sasl: { ...plain, mechanism: 'OAUTHBEARER' } }, 'OAUTHBEARER has no username'],
    [{ sasl: { ...plain, oauthBearerProvider: () => 1 } }, 'PLAIN has no oauthBearerProvider'],
    [{ sasl: { mechanism: 'GSSAPI', password: SECRET } }, 'GSSAPI has no password'],
    [{ sasl: { mechanism: 'OAUTHBEARER', oauthBearerProvider: SECRET } }, 'must be a function'],
    [{ sasl: plain, librdkafka: { 'sasl.mechanism': 'PLAIN' } }, 'sasl.mechanism is set by the options'],
    [{ sasl: plain, librdkafka: { 'sasl.password': SECRET } }, 'sasl.password is set by the options'],
    [{ ssl: true, librdkafka: { 'security.protocol': 'ssl' } }, 'security.protocol is set by the options'],
  ])('refuse %o', (options, message) => {
    const error = refusal(options);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain(SECRET);
  });

  it('leave librdkafka’s properties to the user when neither is said', () => {
    new Producer({ bootstrapServers: 'a:1', librdkafka: { 'security.protocol': 'ssl' } });
  });
});

it('where options say how to connect, verification is turned off by them only', () => {
  for (const [property, off, on] of [
    ['enable.ssl.certificate.verification', false, 'true'],
    ['enable.ssl.certificate.verification', '0', '1'],
    ['enable.ssl.certificate.verification', 0, 't'],
    ['enable.ssl.certificate.verification', 'F', 'T'],
    ['ssl.endpoint.identification.algorithm', 'None', 'https'],
  ] as const) {
    expect(refusal({ ssl: true, librdkafka: { [property]: off } }).message).toBe(
      `librdkafka property ${property}: use rejectUnauthorized and verifyHostname of the option ssl`,
    );
    for (const options of [
      { ssl: true, librdkafka: { [property]: on } },
      { ssl: false, librdkafka: { [property]: off } },
    ]) {
      expect(() => new Producer({ bootstrapServers: 'a:1', ...options })).not.toThrow();
    }
  }
});

it('SASL that the option ssl would leave out is refused', () => {
  expect(refusal({ ssl: true, librdkafka: { 'sasl.username': 'me' } }).message).toBe(
    'librdkafka property sasl.username: the option ssl alone connects without SASL: use the option sasl',
  );
});

it('a passphrase needs the key that it is for', () => {
  expect(refusal({ ssl: { passphrase: SECRET } }).message).toBe(
    'option ssl: passphrase needs key, which it is for',
  );
});
