// Numbers as kafkajs's callers give them: from an environment's variables they come in digits.
import { describeValue } from '../errors';
import { KafkaJSNonRetriableError } from './errors';

const DIGITS = /^\s*-?\d+(\.\d+)?\s*$/;

/** @throws KafkaJSNonRetriableError for what is neither a number nor one in digits */
export function numberOf(name: string, value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  if (typeof value === 'bigint' || (typeof value === 'string' && DIGITS.test(value))) return Number(value);
  throw new KafkaJSNonRetriableError(`Invalid ${name}: expected a number, got ${describeValue(value)}`);
}

/**
 * A copy of the options in which these are numbers, or left out where they were null.
 * @throws KafkaJSNonRetriableError naming the option
 */
export function withNumbers<T extends object>(options: T, names: readonly (keyof T & string)[]): T {
  const read = { ...options } as Record<string, unknown>;
  for (const name of names) {
    if (read[name] === undefined || read[name] === null) delete read[name];
    else read[name] = numberOf(name, read[name]);
  }
  return read as T;
}
