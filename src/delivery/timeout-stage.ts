// Where a record's time went when it ran out.
import type { RecordWaits, TimeoutStage } from '../errors';
import type { Topic } from '../partition/topic';

/** What the producer knows of its brokers, for the words of failures. */
export interface BrokerHealth {
  /** The last complaint of any broker connection. */
  lastError(): Error | undefined;
  /** When a connection was last refused or lost; `performance.now()`, 0: never. */
  connectionLostAt(): number;
  /** When a broker last took a connection and said nothing on it; `performance.now()`, 0: never. */
  handshakeUnansweredAt(): number;
  /** Milliseconds since any broker answered anything; -1: none has. */
  msSinceAnswer(): number;
  /** Whether records belong to transactions: what librdkafka takes back was then aborted. */
  readonly transactional: boolean;
}

export interface Deadline {
  stage: TimeoutStage;
  waited: RecordWaits;
}

/** Where a record waited on its way into the buffer. */
export type AdmissionWaits = Omit<RecordWaits, 'deliveryMs'>;

export const NO_WAITS: Readonly<AdmissionWaits> = { serializerMs: 0, metadataMs: 0, bufferMs: 0 };

/** For the caller's eyes. */
export function inWholeMs(waits: AdmissionWaits, deliveryMs: number): RecordWaits {
  return {
    serializerMs: Math.round(waits.serializerMs),
    metadataMs: Math.round(waits.metadataMs),
    bufferMs: Math.round(waits.bufferMs),
    deliveryMs: Math.round(deliveryMs),
  };
}

/**
 * Of an accepted record that timed out. `unanswered`: it was in a request, and nothing was heard. `packedAt`: when it was
 * handed over, by `performance.now()`.
 */
export function whereTimeWent(
  health: BrokerHealth,
  topic: Topic | undefined,
  partition: number,
  unanswered: boolean,
  packedAt: number,
  waits: AdmissionWaits = NO_WAITS,
): Deadline {
  const waited = inWholeMs(waits, performance.now() - packedAt);
  return { stage: stageOf(health, topic, partition, unanswered, packedAt), waited };
}

function stageOf(
  health: BrokerHealth,
  topic: Topic | undefined,
  partition: number,
  unanswered: boolean,
  packedAt: number,
): TimeoutStage {
  const sinceAnswer = health.msSinceAnswer();
  const answeredAt = sinceAnswer < 0 ? 0 : performance.now() - sinceAnswer;
  // Was the connection lost in the meantime?
  if (unanswered) return health.connectionLostAt() > packedAt ? 'network' : 'answer';
  if (topic !== undefined && partition >= 0 && topic.leaders[partition] < 0) return 'leader';
  const notConnectedAt = Math.max(health.connectionLostAt(), health.handshakeUnansweredAt());
  return notConnectedAt > answeredAt ? 'connection' : 'queue';
}

const IN_WORDS: Record<TimeoutStage, string> = {
  serializer: "waiting for its serializer's promise",
  metadata: "waiting for the topic's partitions to be known",
  buffer: 'waiting for room in the buffer',
  connection: 'waiting for a connection to the broker',
  leader: 'waiting for a leader of its partition',
  queue: 'waiting to be sent, behind other records or between retries',
  network: "sent, but the connection was lost before the broker's answer",
  answer: "sent, and waiting for the broker's answer",
};

export function inWords({ stage, waited }: Deadline): string {
  const before = [
    waited.serializerMs > 0 ? `${waited.serializerMs} ms for serializers` : '',
    waited.metadataMs > 0 ? `${waited.metadataMs} ms for metadata` : '',
    waited.bufferMs > 0 ? `${waited.bufferMs} ms for the buffer` : '',
    `${waited.deliveryMs} ms for delivery`,
  ].filter((part) => part !== '');
  return `${IN_WORDS[stage]} (it waited ${before.join(', ')})`;
}
