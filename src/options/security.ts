// Encryption and authentication: what a user says, checked, and in librdkafka's words. Messages never quote a value
// that could be a secret.
import { isNamed } from '../check-given';
import { ConfigError } from '../errors';
import { isBytes } from '../intake/record';

/** One or more certificates, or a key, in PEM. */
export type Pem = string | Uint8Array;

/** Names are those of `node:tls`. */
export interface SslOptions {
  /** The authorities that may have signed a broker's certificate. Default: those of the system. */
  ca?: Pem | readonly Pem[] | undefined;
  /** Our certificate, then those between it and an authority, for brokers that ask who we are. Needs `key`. */
  cert?: Pem | readonly Pem[] | undefined;
  /** Our private key. Needs `cert`. */
  key?: Pem | undefined;
  /** What `key` is encrypted with. */
  passphrase?: string | undefined;
  /** Whether a broker's certificate is looked at at all. Default true. */
  rejectUnauthorized?: boolean | undefined;
  /** Whether it must be for the host name (or address) that we connect to. Default true. */
  verifyHostname?: boolean | undefined;
}

/** What an OAUTHBEARER token provider returns. */
export interface OAuthBearerToken {
  value: string;
  /** When it expires: milliseconds since the epoch. Default: what the token, if it is a JWT, says itself (`exp`). */
  lifetimeMs?: number | undefined;
  /** Default ''. */
  principal?: string | undefined;
  /** SASL extensions (KIP-342). */
  extensions?: Record<string, string> | undefined;
}

export type OAuthBearerProvider = () => Promise<OAuthBearerToken>;

export type SaslOptions =
  | { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; username: string; password: string }
  | {
      mechanism: 'OAUTHBEARER';
      /**
       * Called for a token at first, when four fifths of its life are over, and ten seconds after it failed. Without
       * it, librdkafka gets tokens itself as its `sasl.oauthbearer.…` properties say.
       */
      oauthBearerProvider?: OAuthBearerProvider | undefined;
    }
  /** Kerberos, as librdkafka's `sasl.kerberos.…` properties say. */
  | { mechanism: 'GSSAPI' };

export type Properties = [name: string, value: string][];

/** All that leave verification on, of librdkafka's spellings. */
const ON: Readonly<Record<string, readonly string[]>> = {
  'enable.ssl.certificate.verification': ['true', 't', '1'],
  'ssl.endpoint.identification.algorithm': ['https'],
};

/** What `rejectUnauthorized` and `verifyHostname` do, in librdkafka's words: where options say how to connect, only they may. */
export function turnsVerificationOff(property: string, value: unknown): boolean {
  return ON[property] !== undefined && !ON[property].includes(String(value).toLowerCase());
}

const PASSWORD_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
const MECHANISMS = [...PASSWORD_MECHANISMS, 'OAUTHBEARER', 'GSSAPI'];

/** A copy of what was given. @throws ConfigError */
export function checkedSsl(given: unknown): boolean | SslOptions {
  if (typeof given === 'boolean') return given;
  const options = fieldsOf('ssl', given, 'true, false or an object', [
    'ca',
    'cert',
    'key',
    'passphrase',
    'rejectUnauthorized',
    'verifyHostname',
  ]);
  const { passphrase, rejectUnauthorized, verifyHostname } = options;
  const ca = optional(options.ca, (pem) => pemText('ca', pem));
  const cert = optional(options.cert, (pem) => pemText('cert', pem));
  const key = optional(options.key, (pem) => pemText('key', pem));
  if (passphrase !== undefined) mustBe('ssl.passphrase', 'string', passphrase);
  if (rejectUnauthorized !== undefined) mustBe('ssl.rejectUnauthorized', 'boolean', rejectUnauthorized);
  if (verifyHostname !== undefined) mustBe('ssl.verifyHostname', 'boolean', verifyHostname);
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError('option ssl: cert and key must be given together');
  }
  if (passphrase !== undefined && key === undefined) {
    throw new ConfigError('option ssl: passphrase needs key, which it is for');
  }
  return { ca, cert, key, passphrase, rejectUnauthorized, verifyHostname } as SslOptions;
}

/** A copy of what was given. @throws ConfigError */
export function checkedSasl(given: unknown): SaslOptions {
  const { mechanism: name, ...rest } = fieldsOf('sasl', given, 'an object', [
    'mechanism',
    'username',
    'password',
    'oauthBearerProvider',
  ]);
  const mechanism = typeof name === 'string' ? name.toUpperCase() : undefined;
  if (mechanism === undefined || !MECHANISMS.includes(mechanism)) {
    throw new ConfigError(`option sasl.mechanism must be one of ${MECHANISMS.join(', ')}`);
  }
  const withPassword = PASSWORD_MECHANISMS.includes(mechanism);
  const fields = withPassword ? ['username', 'password'] : ['oauthBearerProvider'];
  for (const field of Object.keys(rest)) {
    if (rest[field] !== undefined && (!fields.includes(field) || mechanism === 'GSSAPI')) {
      throw new ConfigError(`option sasl: ${mechanism} has no ${field}`);
    }
  }
  if (withPassword) {
    mustBe('sasl.username', 'string', rest.username);
    mustBe('sasl.password', 'string', rest.password);
  } else if (rest.oauthBearerProvider !== undefined) {
    mustBe('sasl.oauthBearerProvider', 'function', rest.oauthBearerProvider);
  }
  return { mechanism, ...rest } as SaslOptions;
}

/** Nothing when neither is given: librdkafka's own properties may then be used. */
export function securityProperties(
  ssl: boolean | SslOptions | undefined,
  sasl: SaslOptions | undefined,
): Properties {
  if (ssl === undefined && sasl === undefined) return [];
  // Credentials go over an unencrypted connection only when that was asked for.
  const encrypted = ssl !== false;
  const properties: Properties = [
    ['security.protocol', `${sasl === undefined ? '' : 'sasl_'}${encrypted ? 'ssl' : 'plaintext'}`],
  ];
  if (typeof ssl === 'object') properties.push(...sslProperties(ssl));
  if (sasl !== undefined) {
    properties.push(['sasl.mechanisms', sasl.mechanism]);
    if ('password' in sasl) {
      properties.push(['sasl.username', sasl.username], ['sasl.password', sasl.password]);
    }
  }
  return properties;
}

function sslProperties(ssl: SslOptions): Properties {
  const { ca, cert, key, passphrase, rejectUnauthorized, verifyHostname } = ssl;
  const properties: [string, unknown][] = [
    ['ssl.ca.pem', ca],
    ['ssl.certificate.pem', cert],
    ['ssl.key.pem', key],
    ['ssl.key.password', passphrase],
    ['enable.ssl.certificate.verification', rejectUnauthorized],
    ['ssl.endpoint.identification.algorithm', verifyHostname === false ? 'none' : undefined],
  ];
  return properties.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
}

function fieldsOf(
  option: string,
  given: unknown,
  expectation: string,
  known: readonly string[],
): Record<string, unknown> {
  if (!isNamed(given)) {
    throw new ConfigError(`option ${option} must be ${expectation}, got ${kindOf(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ConfigError(`option ${option} has no ${unknown}; it has ${known.join(', ')}`);
  }
  return { ...given };
}

function pemText(name: string, given: unknown): string {
  const parts = (Array.isArray(given) ? given : [given]).map((part) =>
    isBytes(part) ? Buffer.from(part).toString() : part,
  );
  if (
    parts.length === 0 ||
    !parts.every((part) => typeof part === 'string' && part.includes('-----BEGIN '))
  ) {
    throw new ConfigError(`option ssl.${name} must be PEM, as text or bytes`);
  }
  return parts.map((part) => `${part.trim()}\n`).join('');
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

function mustBe(option: string, type: 'string' | 'boolean' | 'function', value: unknown): void {
  if (typeof value !== type || value === '' || (typeof value === 'string' && value.includes('\0'))) {
    throw new ConfigError(
      `option ${option} must be a ${type}${type === 'string' ? ' that is not empty, without NUL' : ''}`,
    );
  }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
