// Reads the text of option values; commander shows what these throw together with the option's name.
import { InvalidArgumentError } from 'commander';
import { UsageError } from './exit';

export function integerFrom(minimum: number, alsoAllowed?: number): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', ''));
    const isInteger = /^-?\d[\d_]*$/.test(text) && Number.isSafeInteger(value);
    if (isInteger && (value >= minimum || value === alsoAllowed)) return value;
    const exception = alsoAllowed === undefined ? '' : `, or ${alsoAllowed}`;
    throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}${exception}.`);
  };
}

type Pair = [name: string, value: string];

/** A repeatable `name=value`; only the first `=` separates. */
export function collectPair(text: string, previous: Pair[] = []): Pair[] {
  const pair = pairOf(text);
  if (pair === undefined) throw new InvalidArgumentError('Expected name=value.');
  return [...previous, pair];
}

/** As collectPair, for what may be a password: commander would show the text. */
export function collectProperty(text: string, previous: Pair[] = []): Pair[] {
  const pair = pairOf(text);
  if (pair === undefined) throw new UsageError('-X: expected name=value, got a text that is not shown here');
  return [...previous, pair];
}

function pairOf(text: string): Pair | undefined {
  const at = text.indexOf('=');
  return at < 1 ? undefined : [text.slice(0, at), text.slice(at + 1)];
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
