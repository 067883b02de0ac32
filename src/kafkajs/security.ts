// `ssl` and `sasl` in the engine's words. What cannot be said there is refused: a connection must not be less secure,
// or to somebody else, than its owner asked for.
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import type { OAuthBearerProvider, SaslOptions, SslOptions } from '../options/security';
import { KafkaJSNonRetriableError, KafkaJSNotImplemented } from './errors';
import type { KafkaConfig, OauthbearerProviderResponse } from './types';

export interface Security {
  ssl: false | SslOptions;
  sasl?: SaslOptions;
  /** Properties of librdkafka beside. */
  librdkafka: Record<string, string>;
}

/**
 * @param brokers for `ssl.servername`; none where they are not known yet
 * @throws KafkaJSNotImplemented naming the option, and a way where there is one; KafkaJSNonRetriableError
 */
export function securityOf({ ssl, sasl }: KafkaConfig, brokers: readonly string[]): Security {
  const librdkafka: Record<string, string> = {};
  return {
    ssl: ssl ? sslOf(ssl === true ? {} : ssl, brokers, librdkafka) : false,
    sasl: sasl ? saslOf(sasl as SaslFields) : undefined,
    librdkafka,
  };
}

// Node trusts the authorities it was built with, OpenSSL those of the system: the drop-in goes on trusting Node's.
function nodesAuthorities(): string[] {
  const { getCACertificates } = tls as { getCACertificates?: (of: 'default') => string[] };
  return getCACertificates?.('default') ?? [...tls.rootCertificates, ...extraAuthorities()];
}

/** Node warns of a file that it cannot read, or finds nothing in, and goes on. */
function extraAuthorities(): string[] {
  const { NODE_EXTRA_CA_CERTS } = process.env;
  if (!NODE_EXTRA_CA_CERTS) return [];
  try {
    const text = readFileSync(NODE_EXTRA_CA_CERTS, 'utf8');
    return text.includes('-----BEGIN ') ? [text] : [];
  } catch {
    return [];
  }
}

function sslOf(
  options: tls.ConnectionOptions,
  brokers: readonly string[],
  librdkafka: Record<string, string>,
): SslOptions {
  const ssl: SslOptions = { ca: nodesAuthorities() };
  for (const [name, value] of Object.entries(options)) {
    // As Node: what is empty is none. But with an empty list of authorities it trusts nobody, which the engine refuses.
    if (value === undefined || value === null || value === '') continue;
    if (name !== 'ca' && Array.isArray(value) && value.length === 0) continue;
    switch (name) {
      case 'ca':
      case 'cert':
      case 'passphrase':
        ssl[name] = value;
        break;
      case 'key':
        if (Array.isArray(value) && value.length !== 1) {
          throw new KafkaJSNotImplemented('ssl.key must be a single key: librdkafka has one certificate');
        }
        ssl.key = Array.isArray(value) ? value[0] : value;
        break;
      case 'rejectUnauthorized':
        ssl.rejectUnauthorized = value !== false;
        // In Node it turns the check of the host's name off as well.
        if (value === false) ssl.verifyHostname = false;
        break;
      case 'servername':
        checkServerName(String(value), brokers);
        break;
      case 'ciphers':
        librdkafka['ssl.cipher.suites'] = String(value);
        break;
      case 'sigalgs':
        librdkafka['ssl.sigalgs.list'] = String(value);
        break;
      case 'ecdhCurve':
        if (value !== 'auto') librdkafka['ssl.curves.list'] = String(value);
        break;
      default:
        throw new KafkaJSNotImplemented(
          `ssl.${name} has no counterpart in librdkafka; ca, cert, key, passphrase, rejectUnauthorized, servername, ` +
            'ciphers, sigalgs and ecdhCurve have',
        );
    }
  }
  // Node passes over one that is for nothing.
  if (ssl.key === undefined) delete ssl.passphrase;
  return ssl;
}

// librdkafka asks for, and checks, the name it connects to.
function checkServerName(servername: string, brokers: readonly string[]): void {
  const other = brokers.find((broker) => broker.slice(0, broker.lastIndexOf(':')) !== servername);
  if (other === undefined) return;
  throw new KafkaJSNotImplemented(
    `ssl.servername (${servername}) must be the brokers' own name, which for ${other} it is not: librdkafka checks ` +
      'the name it connects to',
  );
}

interface SaslFields {
  mechanism?: string;
  username?: string;
  password?: string;
  oauthBearerProvider?: () => Promise<OauthbearerProviderResponse & { extensions?: Record<string, string> }>;
  authenticationProvider?: unknown;
}

function saslOf(sasl: SaslFields): SaslOptions {
  const mechanism = String(sasl.mechanism).toUpperCase();
  // kafkajs leaves its own for a mechanism that it has in the object that it was given, which may serve both libraries.
  const isBuiltIn = sasl.password !== undefined || sasl.oauthBearerProvider !== undefined;
  if (sasl.authenticationProvider !== undefined && !isBuiltIn) {
    throw new KafkaJSNotImplemented(
      `sasl.authenticationProvider (${mechanism}): librdkafka cannot call a mechanism written in JavaScript; use plain, ` +
        'scram-sha-256, scram-sha-512 or oauthbearer',
    );
  }
  switch (mechanism) {
    case 'PLAIN':
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512': {
      const { username, password } = sasl;
      if (!username || !password) {
        throw new KafkaJSNonRetriableError(`SASL ${mechanism}: Invalid username or password`);
      }
      return { mechanism, username, password };
    }
    case 'OAUTHBEARER':
      if (typeof sasl.oauthBearerProvider !== 'function') {
        throw new KafkaJSNonRetriableError('SASL OAUTHBEARER: Missing OAuth bearer token provider');
      }
      return { mechanism, oauthBearerProvider: withLifetime(sasl.oauthBearerProvider) };
    case 'AWS':
      throw new KafkaJSNotImplemented(
        'sasl mechanism aws is not in librdkafka; Amazon MSK with IAM takes oauthbearer, with an oauthBearerProvider ' +
          'that returns the token of aws-msk-iam-sasl-signer-js',
      );
    default:
      throw new KafkaJSNotImplemented(
        `sasl mechanism ${sasl.mechanism}: known are plain, scram-sha-256, scram-sha-512 and oauthbearer`,
      );
  }
}

/** A token that says nothing of its end is fetched anew before this time is over. */
const UNKNOWN_LIFETIME_MS = 300_000;

/** kafkajs asks for a token at each connection and knows nothing of its life; librdkafka must know it. */
function withLifetime(provider: NonNullable<SaslFields['oauthBearerProvider']>): OAuthBearerProvider {
  return async () => {
    const { value, extensions } = await provider();
    const { exp, sub } = claimsOf(value);
    return {
      value,
      extensions,
      lifetimeMs: typeof exp === 'number' ? exp * 1000 : Date.now() + UNKNOWN_LIFETIME_MS,
      principal: typeof sub === 'string' ? sub : '',
    };
  };
}

// RFC 7519: `exp` in seconds since the epoch, `sub` whom the token is for.
function claimsOf(token: string): { exp?: unknown; sub?: unknown } {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()) ?? {};
  } catch {
    return {}; // Not a JWT: its content is between the provider and the broker.
  }
}
