// What went wrong in the engine, as kafkajs would have said it.
import { BatchError, ConfigError, ConnectionError, MillraceError, RecordError } from '../errors';
import {
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSRequestTimeoutError,
  KafkaJSSASLAuthenticationError,
} from './errors';
import { brokerCode, protocolError } from './protocol-errors';
import type { RetryBudget } from './retry-budget';

const CREDENTIALS: ReadonlySet<string> = new Set(['_AUTHENTICATION', 'SASL_AUTHENTICATION_FAILED']);
/** librdkafka breaks a connection off when a request's time is over; the next one may fail in the same way. */
const SILENT_BROKER = /Local: Timed out/;

/** kafkajs's protocol versions know one code for having been replaced. */
const FENCED: ReadonlySet<string> = new Set(['_FENCED', 'PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH']);
export const TRANSACTION_ENDED = 'Cannot continue to use transaction once ended';
const INVALID_PRODUCER_EPOCH = 47;
const UNKNOWN_TOPIC_OR_PARTITION = 3;

/**
 * The engine has tried again by the time it reports a failure. So what may be tried again arrives as
 * KafkaJSNumberOfRetriesExceeded with the reason as its cause; what may not, as itself.
 */
export function toKafkaJSError(error: unknown, budget: RetryBudget): Error {
  if (error instanceof BatchError) return toKafkaJSError(mostTelling(error), budget);
  if (error instanceof ConnectionError) return connectionFailure(error, budget);
  if (error instanceof ConfigError) return new KafkaJSNonRetriableError(error.message, { cause: error });
  if (!(error instanceof MillraceError)) return error as Error;
  // Refused here, for what it is, before any broker saw it: the engine has one code for both.
  if (error.code === 'INVALID_RECORD' && !(error instanceof RecordError && error.partition !== undefined)) {
    return new KafkaJSNonRetriableError(error.message, { cause: error });
  }
  if (error.code === 'TRANSACTION_ENDED')
    return new KafkaJSNonRetriableError(TRANSACTION_ENDED, { cause: error });
  if (isFenced(error)) return protocolError(INVALID_PRODUCER_EPOCH, error.message, error);
  const code = brokerCode(error.code);
  if (code !== undefined) {
    const known = protocolError(code, error.message, error);
    if (known.retriable) return exceeded(known, budget);
    return isOfLookup(error) ? new KafkaJSNonRetriableError(known, { cause: known }) : known;
  }
  if (error.code === '_UNKNOWN_PARTITION') return protocolFailureOfPartition(error);
  if (!error.retriable) return new KafkaJSNonRetriableError(error.message, { cause: error });
  return exceeded(reasonOfTimeout(error), budget);
}

/** Of the topic as a whole, before a record had its partition: there kafkajs wraps what it wraps nowhere else. */
function isOfLookup(error: MillraceError): boolean {
  return error instanceof RecordError && error.partition === undefined;
}

/** Another producer has taken its transactional id. */
export function isFenced({ code }: MillraceError): boolean {
  return FENCED.has(code);
}

function connectionFailure(error: ConnectionError, budget: RetryBudget): Error {
  if (CREDENTIALS.has(error.code)) return new KafkaJSSASLAuthenticationError(error.message, { cause: error });
  return exceeded(unreachable(error, error.code), budget);
}

/** kafkajs's codes of connections are Node's. */
const SOCKET_CODES: readonly [said: RegExp, code: string][] = [
  [/Connection refused/, 'ECONNREFUSED'],
  [/Failed to resolve/, 'ENOTFOUND'],
  [/certificate has expired/, 'CERT_HAS_EXPIRED'],
  [/certificate is for another host name/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/certificate was signed by an unknown authority/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  // What a broker has against ours: TLS's alerts, by OpenSSL's names.
  [/SSL alert number 42\b/, 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'],
  [/SSL alert number 43\b/, 'ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE'],
  [/SSL alert number 44\b/, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED'],
  [/SSL alert number 45\b/, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'],
  [/SSL alert number 46\b/, 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN'],
  [/SSL alert number 48\b/, 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
  [/SSL alert number 116\b/, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'],
];
/** librdkafka's name of a broker's connection: `sasl_ssl://host:9092/bootstrap`, `host:9092/1`. */
const BROKER = /(?:^|[\s/])([^\s/]+:\d+)\/(?:bootstrap|\d+)(?=: )/;

function unreachable(error: MillraceError, engineCode: string): KafkaJSConnectionError {
  const known = SOCKET_CODES.find(([said]) => said.test(error.message));
  return new KafkaJSConnectionError(error.message, {
    broker: BROKER.exec(error.message)?.[1],
    code: known?.[1] ?? engineCode,
    cause: error,
  });
}

/** Of a batch's failures the first that trying again would not have cured, if there is one. */
function mostTelling({ errors }: BatchError): MillraceError {
  return errors.find(({ retriable }) => !retriable) ?? errors[0];
}

// kafkajs drops such messages without a word.
function protocolFailureOfPartition(error: MillraceError): Error {
  const unknown = protocolError(UNKNOWN_TOPIC_OR_PARTITION, error.message, error);
  return new KafkaJSNonRetriableError(unknown, { cause: unknown });
}

function reasonOfTimeout(error: MillraceError): KafkaJSError {
  const cause = error.cause instanceof MillraceError ? error.cause : undefined;
  const code = cause === undefined ? undefined : brokerCode(cause.code);
  if (code !== undefined) return protocolError(code, error.message, error);
  if (waitedForAnswer(error, cause)) return new KafkaJSRequestTimeoutError(error.message);
  if (error.code === 'BUFFER_TIMEOUT') return new KafkaJSError(error.message, { cause: error });
  return unreachable(error, cause?.code ?? error.code);
}

function waitedForAnswer(error: MillraceError, cause: MillraceError | undefined): boolean {
  const stage = error instanceof RecordError ? error.timedOutIn : undefined;
  return (
    stage === 'answer' || (stage === 'network' && cause !== undefined && SILENT_BROKER.test(cause.message))
  );
}

function exceeded(reason: Error, { retries, lastPauseMs }: RetryBudget): KafkaJSNumberOfRetriesExceeded {
  return new KafkaJSNumberOfRetriesExceeded(reason, { retryCount: retries, retryTime: lastPauseMs });
}
