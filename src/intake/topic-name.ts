// What a topic may be called.
import type { Rule } from '../check-given';

const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

// Callers send to the same topic over and over: the last good name needs no second look.
let lastGoodName = '';

/** Kafka's rule (org.apache.kafka.common.internals.Topic). */
export function isTopicName(name: unknown): name is string {
  if (name === lastGoodName && name !== '') return true;
  if (typeof name !== 'string' || !TOPIC_NAME.test(name) || name === '.' || name === '..') return false;
  lastGoodName = name;
  return true;
}

export const TOPIC: Rule = { must: 'the name of a topic', fits: isTopicName };
