// Connecting: asks for metadata until a broker answers, one says no for good, or the time is over.
import type { NativeClient } from '../addon';
import { ConnectionError, kafkaErrorName } from '../errors';
import { FIRST_ATTEMPT_MS, MetadataPatience } from '../partition/metadata-patience';
import type { BrokerEvents } from './broker-events';
import type { OAuthTokens } from './oauth-token';

const NO_REASON =
  'no connection gave a reason; listeners that want TLS or SASL close others without one (see ssl, sasl)';

const SILENT = 'one is connected, and sent no answer';

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
  const patience = new MetadataPatience(FIRST_ATTEMPT_MS);
  for (;;) {
    const asked = elapsed();
    const attemptMs = Math.max(1, Math.min(patience.ms, Math.ceil(connectTimeoutMs - asked)));
    const [code] = await client.refreshMetadata([], attemptMs);
    if (code === 0) {
      events.letIn();
      return;
    }
    const error = kafkaErrorName(code);
    patience.learn(error, elapsed() - asked);
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
      const noReason = error === '_TIMED_OUT' ? SILENT : NO_REASON;
      throw new ConnectionError(
        `no broker at ${bootstrapServers} answered within connectTimeoutMs (${connectTimeoutMs} ms)` +
          `: ${cause === undefined ? noReason : cause.message}`,
        'CONNECTION_FAILED',
        { cause },
      );
    }
  }
}
