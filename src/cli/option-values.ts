// Reads the text of option values; commander shows what these throw together with the option's name.
import { InvalidArgumentError } from 'commander';

export function integerFrom(minimum: number, alsoAllowed?: number): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', ''));
    const isInteger = /^-?\d[\d_]*$/.test(text) && Number.isSafeInteger(value);
    if (isInteger && (value >= minimum || value === alsoAllowed)) return value;
    const exception = alsoAllowed === undefined ? '' : `, or ${alsoAllowed}`;
    throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}${exception}.`);
  };
}

/** A repeatable `name=value`; only the first `=` separates. */
export function collectPair(text: string, previous: [string, string][] = []): [string, string][] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  return [...previous, [text.slice(0, at), text.slice(at + 1)]];
}

export interface TopicSpec {
  topic: string;
  partitions: number;
}

/** A repeatable `name:partitions`, where the number may be left out. */
export function collectTopics(defaultPartitions: number) {
  return (text: string, previous: TopicSpec[] = []): TopicSpec[] => {
    const match = /^([a-zA-Z0-9._-]+)(?::([1-9]\d{0,5}))?$/.exec(text);
    if (!match) throw new InvalidArgumentError('Expected name or name:partitions.');
    return [...previous, { topic: match[1], partitions: Number(match[2] ?? defaultPartitions) }];
  };
}
