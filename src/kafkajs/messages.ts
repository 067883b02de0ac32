// kafkajs's messages as the engine's records.
import { isDate } from 'node:util/types';
import { describeValue } from '../errors';
import type { BatchRecord } from '../intake/record';
import { KafkaJSNonRetriableError } from './errors';
import type { Message, TopicMessages } from './types';

/** The stretch of a call's records that goes to one topic. */
export interface TopicStretch {
  topic: string;
  messages: readonly Message[];
  begin: number;
  end: number;
}

export interface Outgoing {
  records: readonly BatchRecord[];
  /** Of records that name none. */
  topic: string | undefined;
  /** In the order of the call; each topic once. */
  topics: readonly TopicStretch[];
}

const DIGITS = /^\d+$/;

/**
 * Changes no message. A topic named twice is written in one go, as kafkajs does.
 * @throws KafkaJSNonRetriableError for a message without value or with a timestamp that is none
 */
export function readMessages(topicMessages: readonly TopicMessages[], forPartitioner: boolean): Outgoing {
  if (topicMessages.length === 1 && !forPartitioner) {
    const [{ topic, messages }] = topicMessages;
    if (areRecords(topic, messages)) {
      // The list may be used again at once, while its records wait for a topic or a broker.
      const records = [...messages];
      return { records, topic, topics: [{ topic, messages: records, begin: 0, end: records.length }] };
    }
  }
  const records: BatchRecord[] = [];
  const topics: TopicStretch[] = [];
  for (const { topic, messages } of merged(topicMessages)) {
    const begin = records.length;
    for (const message of messages) records.push(asRecord(topic, message));
    // A partitioner sees them later.
    topics.push({
      topic,
      messages: forPartitioner ? [...messages] : messages,
      begin,
      end: records.length,
    });
  }
  return { records, topic: undefined, topics };
}

/** Whether the engine would read the same in them. Copying a thousand messages costs a tenth of producing them. */
function areRecords(
  topic: string,
  messages: readonly Message[],
): messages is readonly (Message & BatchRecord)[] {
  if (!Array.isArray(messages)) return false;
  for (const message of messages as readonly (Message & { topic?: unknown })[]) {
    if (message.value === undefined || message.timestamp !== undefined) return false;
    // A field of the caller's own: kafkajs does not look at it.
    if (message.topic !== undefined && message.topic !== topic) return false;
    if (message.partition !== undefined && typeof message.partition !== 'number') return false;
  }
  return true;
}

function asRecord(topic: string, message: Message): BatchRecord {
  const { key, value, partition, headers, timestamp } = message;
  if (value === undefined) throw withoutValue(topic, message);
  return {
    topic,
    key,
    value,
    partition: partition === undefined || partition === null ? undefined : partitionOf(partition),
    timestamp: isNone(timestamp) ? undefined : milliseconds(timestamp, topic),
    headers: (headers ?? undefined) as BatchRecord['headers'],
  };
}

/** kafkajs takes digits as well; NaN, which the engine refuses, for whatever else. */
export function partitionOf(given: unknown): number {
  if (typeof given === 'string') return DIGITS.test(given) ? Number(given) : Number.NaN;
  return typeof given === 'number' ? given : Number.NaN;
}

function merged(topicMessages: readonly TopicMessages[]): readonly TopicMessages[] {
  if (topicMessages.length < 2) return topicMessages;
  const byTopic = new Map<string, TopicMessages>();
  for (const { topic, messages } of topicMessages) {
    const earlier = byTopic.get(topic);
    byTopic.set(topic, {
      topic,
      messages: earlier === undefined ? messages : [...earlier.messages, ...messages],
    });
  }
  return byTopic.size === topicMessages.length ? topicMessages : [...byTopic.values()];
}

/** kafkajs takes the number 0 for none; '0' is 1970. */
function isNone(timestamp: unknown): boolean {
  return timestamp === undefined || timestamp === null || timestamp === 0 || timestamp === 0n;
}

/** kafkajs takes whatever `BigInt()` does. */
function milliseconds(timestamp: unknown, topic: string): number {
  if (typeof timestamp === 'number') return timestamp;
  if (typeof timestamp === 'bigint') return Number(timestamp);
  if (isDate(timestamp)) return Date.prototype.getTime.call(timestamp);
  if (typeof timestamp === 'string' && DIGITS.test(timestamp)) return Number(timestamp);
  throw new KafkaJSNonRetriableError(
    `Invalid timestamp for topic "${topic}": expected milliseconds since the epoch, in digits, got ${describeValue(timestamp)}`,
  );
}

function withoutValue(topic: string, message: Message): KafkaJSNonRetriableError {
  return new KafkaJSNonRetriableError(
    `Invalid message without value for topic "${topic}": ${JSON.stringify(message, bigintsInDigits)}`,
  );
}

function bigintsInDigits(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
