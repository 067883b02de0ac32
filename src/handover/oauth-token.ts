// Fetches an OAUTHBEARER token when librdkafka asks for one.
import type { NativeClient } from '../addon';
import type { OAuthBearerToken } from '../options/producer-options';

/** Never rejects: a failure is reported to librdkafka, which tells it as a broker error and asks again later. */
export async function refreshToken(
  client: NativeClient,
  provider: (() => Promise<OAuthBearerToken>) | undefined,
): Promise<void> {
  try {
    if (provider === undefined) throw new Error('no oauthBearerProvider is set');
    const { value, lifetimeMs, principal = '', extensions = {} } = await provider();
    const refusal = await client.setOauthbearerToken(
      value,
      lifetimeMs,
      principal,
      Object.entries(extensions).flat(),
    );
    if (refusal !== undefined) throw new Error(refusal);
  } catch (error) {
    client.setOauthbearerFailure(
      `oauthBearerProvider: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
