// Fetches an OAUTHBEARER token when librdkafka asks for one, and once more when somebody wants to connect after it failed.
import type { NativeClient } from '../addon';
import { describeValue, MillraceError, messageOf } from '../errors';
import type { OAuthBearerProvider, OAuthBearerToken } from '../options/security';
import { isPlainObject } from '../serialize/field-length';

export class OAuthTokens {
  readonly #client: NativeClient;
  readonly #provider: OAuthBearerProvider | undefined;
  #latest: 'none asked for' | 'awaited' | 'set' | 'failed' = 'none asked for';

  constructor(client: NativeClient, provider: OAuthBearerProvider | undefined) {
    this.#client = client;
    this.#provider = provider;
  }

  /** Set while the provider has been asked and has not answered, which librdkafka tells nobody. */
  get awaited(): MillraceError | undefined {
    if (this.#latest !== 'awaited') return undefined;
    return new MillraceError('oauthBearerProvider has not settled its promise', '_AUTHENTICATION');
  }

  /** librdkafka would wait ten seconds before it asks again. */
  retryIfFailed(): void {
    if (this.#latest === 'failed') void this.refresh();
  }

  /** Never rejects: a failure is reported to librdkafka, which tells it as a broker error and asks again later. */
  async refresh(): Promise<void> {
    this.#latest = 'awaited';
    try {
      if (this.#provider === undefined) throw new Error('none is set');
      const token: unknown = await this.#provider();
      const { value, lifetimeMs, principal, extensions } = checked(token);
      const parts = Object.entries(extensions).flat();
      const refusal = await this.#client.setOauthbearerToken(value, lifetimeMs, principal, parts);
      if (refusal !== undefined) throw new Error(refusal);
      this.#latest = 'set';
    } catch (error) {
      this.#latest = 'failed';
      this.#client.setOauthbearerFailure(`oauthBearerProvider: ${messageOf(error)}`);
    }
  }
}

// Messages never quote the token.
function checked(token: unknown): Required<OAuthBearerToken> {
  if (token === null || typeof token !== 'object') {
    throw new Error(`it must give an object with the token as value, not ${typeof token}`);
  }
  const { value, lifetimeMs, principal = '', extensions = {} } = token as OAuthBearerToken;
  if (typeof value !== 'string' || value === '') throw new Error('the token’s value must be a string');
  const expiresAt = lifetimeMs ?? expiryOf(value);
  if (typeof expiresAt !== 'number' || !Number.isFinite(expiresAt)) {
    throw new Error(`the token’s lifetimeMs must be a number, got ${describeValue(expiresAt)}`);
  }
  if (typeof principal !== 'string') throw new Error('the token’s principal must be a string');
  const isNamed = typeof extensions === 'object' && extensions !== null && isPlainObject(extensions);
  if (!isNamed || !Object.values(extensions).every((text) => typeof text === 'string')) {
    throw new Error('the token’s extensions must be an object of strings');
  }
  return { value, lifetimeMs: Math.floor(expiresAt), principal, extensions };
}

// RFC 7519: the middle part is base64url of JSON, `exp` in it seconds since the epoch.
function expiryOf(token: string): number {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    if (typeof claims.exp === 'number') return claims.exp * 1000;
  } catch {
    // Not a JWT: it has no expiry of its own.
  }
  throw new Error('the token needs a lifetimeMs: it is not a JWT with an exp claim');
}
