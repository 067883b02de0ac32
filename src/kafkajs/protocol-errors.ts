// Brokers' error codes in kafkajs's names, from the engine's.
import { addon } from '../addon';
import { kafkaErrorDescription } from '../errors';
import { KafkaJSProtocolError } from './errors';

/** A broker's lowest; librdkafka's own are below. */
const UNKNOWN = -1;

/** Where kafkajs's name of a code differs from librdkafka's. */
const TYPES: Readonly<Record<number, string>> = {
  [UNKNOWN]: 'UNKNOWN',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  4: 'INVALID_FETCH_SIZE',
  10: 'MESSAGE_TOO_LARGE',
  11: 'STALE_CONTROLLER_EPOCH',
  14: 'GROUP_LOAD_IN_PROGRESS',
  15: 'GROUP_COORDINATOR_NOT_AVAILABLE',
  16: 'NOT_COORDINATOR_FOR_GROUP',
  17: 'INVALID_TOPIC_EXCEPTION',
};

/** Those of a produce request, its metadata and its transaction that kafkajs tries again. */
const RETRIABLE: ReadonlySet<number> = new Set([
  2, 3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 72, 74, 75, 78, 80, 83, 84, 88, 89,
]);

const HELP: Readonly<Record<number, string>> = {
  58: 'https://kafka.js.org/docs/configuration#sasl',
};

interface KafkaCode {
  code: number;
  type: string;
}

const BY_ENGINE_NAME: ReadonlyMap<string, KafkaCode> = new Map(
  addon
    .errorDescriptions()
    .filter(([code]) => code > 0 || code === UNKNOWN)
    .map(([code, name]) => [name, { code, type: TYPES[code] ?? name }]),
);

/** The code a broker uses for what the engine calls by this name; undefined when it is not a broker's. */
export function brokerCode(engineName: string): number | undefined {
  return BY_ENGINE_NAME.get(engineName)?.code;
}

/** `cause` keeps what the engine said: its context, and whether the record may have been stored. */
export function protocolError(code: number, message?: string, cause?: unknown): KafkaJSProtocolError {
  const description = kafkaErrorDescription(code);
  return new KafkaJSProtocolError(
    {
      message: message ?? description,
      code,
      type: [...BY_ENGINE_NAME.values()].find((known) => known.code === code)?.type ?? `ERROR_${code}`,
      retriable: RETRIABLE.has(code),
      helpUrl: HELP[code],
    },
    { cause },
  );
}
