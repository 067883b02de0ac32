// How long a client may go on trying to connect: as long as kafkajs's attempts would take, which is less where hosts refuse
// than where they say nothing.
import { ConnectionError } from '../errors';
import type { LogEvent } from '../handover/broker-events';
import { pause } from '../pause';
import type { Producer } from '../producer';

export interface Patience {
  /** With hosts that refuse. */
  refusedMs: number;
  /** With hosts that say nothing. */
  silentMs: number;
}

/** librdkafka's words when there is no connection at all: a broker that is slow, or breaks one off, let us in before. */
const NOT_LET_IN = /Connect to .* failed: |setup timed out in state CONNECT\b|Failed to resolve /;
/** What took its time: each of kafkajs's attempts would have lasted as long. */
const SILENT = /timed out/;

/** What is said of a connection that was not made; undefined: the line is about something else. */
export function refusalIn({ facility, message }: LogEvent): string | undefined {
  if (facility !== 'FAIL' || !NOT_LET_IN.test(message)) return undefined;
  return message.replace(/^\[thrd:[^\]]*\]: /, '');
}

export function patienceFor(refusal: string, { refusedMs, silentMs }: Patience): number {
  return SILENT.test(refusal) ? silentMs : refusedMs;
}

/**
 * Connects for the first time.
 * @param brokers who may answer. When all of them have refused, the longer wait is not for them
 * @throws (rejects with) ConnectionError; what `producer.connect()` does
 */
export async function connectPatiently(
  producer: Producer,
  patience: Patience,
  brokers: readonly string[],
): Promise<void> {
  const refusals = new Map<string, string>();
  const hear = (event: LogEvent) => {
    const refusal = refusalIn(event);
    if (refusal !== undefined) refusals.set(refusal.slice(0, refusal.indexOf(': ')), refusal);
  };
  producer.on('log', hear);
  const connected = producer.connect();
  const { refusedMs } = patience;
  const { over, cancel } = pause(refusedMs);
  const refused = over.then(() => {
    const said = [...refusals.values()];
    if (said.length < new Set(brokers).size || said.some((refusal) => SILENT.test(refusal))) return connected;
    throw notLetIn(refusedMs, said[said.length - 1]);
  });
  try {
    await Promise.race([connected, refused]);
  } finally {
    cancel();
    producer.off('log', hear);
  }
}

export function notLetIn(patienceMs: number, refusal: string): ConnectionError {
  return new ConnectionError(`no broker let us in for ${patienceMs} ms: ${refusal}`, 'CONNECTION_FAILED');
}
