// Connecting: asks for metadata until a broker answers, one says no for good, or the time is over.
import type { NativeClient } from '../addon';
import { ConnectionError } from '../errors';
import type { BrokerEvents } from './broker-events';
import type { OAuthTokens } from './oauth-token';

const FIRST_ATTEMPT_MS = 250;
const LONGEST_ATTEMPT_MS = 4000;

const NO_REASON =
  'no connection gave a reason; listeners that want TLS or SASL close others without one (see ssl, sasl)';

export interface Connecting {
  client: NativeClient;
  events: BrokerEvents;
  tokens: OAuthTokens;
  bootstrapServers: string;
  connectTimeoutMs: number;
  /** Throws when the producer was closed meanwhile. */
  ensureOpen: () => void;
}

/** @throws ConnectionError; what `ensureOpen` throws */
export async function connect(connecting: Connecting): Promise<void> {
  const { client, events, tokens, bootstrapServers, connectTimeoutMs, ensureOpen } = connecting;
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  tokens.retryIfFailed();
  for (let attemptMs = FIRST_ATTEMPT_MS; ; attemptMs = Math.min(attemptMs * 2, LONGEST_ATTEMPT_MS)) {
    const left = Math.ceil(connectTimeoutMs - elapsed());
    const [error] = await client.refreshMetadata([], Math.max(1, Math.min(attemptMs, left)));
    if (error === 0) {
      events.letIn();
      return;
    }
    ensureOpen();
    const refusal = events.refusal(started);
    if (refusal !== undefined) {
      throw new ConnectionError(
        `the brokers at ${bootstrapServers} refused the connection: ${refusal.message}`,
        refusal.code,
        { cause: refusal, retriable: false },
      );
    }
    if (elapsed() >= connectTimeoutMs) {
      const cause = tokens.awaited ?? events.last;
      throw new ConnectionError(
        `no broker at ${bootstrapServers} answered within connectTimeoutMs (${connectTimeoutMs} ms)` +
          `: ${cause === undefined ? NO_REASON : cause.message}`,
        'CONNECTION_FAILED',
        { cause },
      );
    }
  }
}
