// A call's own settings, and what kafkajs checks of a call before anything is sent.
import { describeValue } from '../errors';
import { isTopicName } from '../intake/topic-name';
import type { Compression } from '../options/producer-options';
import { CompressionTypes } from './enums';
import { KafkaJSNonRetriableError, KafkaJSNotImplemented } from './errors';
import { numberOf } from './numeric-options';
import { protocolError } from './protocol-errors';
import type { ProducerBatch, TopicMessages } from './types';

/** What a call says beside its messages. */
export type CallSettings = Pick<ProducerBatch, 'acks' | 'timeout' | 'compression'>;

/** What librdkafka fixes for a client, and kafkajs lets each call choose. */
export interface LaneSettings {
  acks: -1 | 0 | 1;
  /** How long the broker may wait for its replicas, in ms. */
  timeoutMs: number;
  compression: Compression;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** A timeout is rounded up to one of these: each takes a client of its own. */
const TIMEOUTS_MS = [1000, 5000, 15_000, 30_000, 60_000, 300_000, 900_000];
const INVALID_TOPIC = 17;
const INVALID_REQUIRED_ACKS = 21;

const COMPRESSIONS: Readonly<Record<CompressionTypes, Compression>> = {
  [CompressionTypes.None]: 'none',
  [CompressionTypes.GZIP]: 'gzip',
  [CompressionTypes.Snappy]: 'snappy',
  [CompressionTypes.LZ4]: 'lz4',
  [CompressionTypes.ZSTD]: 'zstd',
};

/** In kafkajs's order and words. @throws KafkaJSNonRetriableError */
export function checkCall(topicMessages: readonly TopicMessages[], acks: unknown, idempotent: boolean): void {
  if (topicMessages.some(({ topic }) => !topic)) throw new KafkaJSNonRetriableError('Invalid topic');
  if (idempotent && acks !== -1) {
    throw new KafkaJSNonRetriableError(
      "Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees",
    );
  }
  for (const { topic, messages } of topicMessages) {
    if (!messages) {
      throw new KafkaJSNonRetriableError(`Invalid messages array [${messages}] for topic "${topic}"`);
    }
  }
}

/** What a broker would say of a name that can be none. @throws KafkaJSNonRetriableError, its cause the broker's error */
export function checkTopicNames(topicMessages: readonly TopicMessages[]): void {
  for (const { topic } of topicMessages) {
    if (isTopicName(topic)) continue;
    const invalid = protocolError(INVALID_TOPIC, `Invalid topic name: ${describeValue(topic)}`);
    throw new KafkaJSNonRetriableError(invalid, { cause: invalid });
  }
}

/** @throws KafkaJSProtocolError for acks that no broker knows, KafkaJSNonRetriableError */
export function laneSettings(call: CallSettings, requestTimeoutMs: number): LaneSettings {
  const { acks = -1, timeout, compression } = call;
  return {
    acks: acksOf(acks),
    timeoutMs: timeoutOf(timeout, requestTimeoutMs),
    compression: compressionOf(compression),
  };
}

function acksOf(acks: unknown): -1 | 0 | 1 {
  if (acks === -1 || acks === '-1') return -1;
  if (acks === 0 || acks === '0') return 0;
  if (acks === 1 || acks === '1') return 1;
  throw protocolError(INVALID_REQUIRED_ACKS);
}

// A broker's wait for its replicas is of no use once the client has stopped waiting for the broker.
function timeoutOf(timeout: unknown, requestTimeoutMs: number): number {
  const wanted = numberOf('timeout', timeout ?? DEFAULT_TIMEOUT_MS);
  const step = TIMEOUTS_MS.find((ms) => ms >= wanted) ?? (TIMEOUTS_MS.at(-1) as number);
  return Math.max(1, Math.min(step, Math.round(requestTimeoutMs)));
}

/** @throws KafkaJSNotImplemented for a number that stands for none */
export function compressionOf(type: CompressionTypes | null | undefined): Compression {
  const compression = COMPRESSIONS[type ?? CompressionTypes.None];
  if (compression === undefined) {
    throw new KafkaJSNotImplemented(`Invalid compression ${JSON.stringify(type)}: one of CompressionTypes`);
  }
  return compression;
}
