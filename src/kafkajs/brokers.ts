// The brokers to begin with: a list, or a function that is asked at each connect.
import { messageOf } from '../errors';
import { KafkaJSConnectionError, KafkaJSNonRetriableError } from './errors';
import type { KafkaConfig } from './types';

/** @throws KafkaJSNonRetriableError for a list that is none, KafkaJSConnectionError when the function throws */
export async function brokersOf({ brokers }: KafkaConfig): Promise<readonly string[]> {
  const list: unknown = typeof brokers === 'function' ? await ask(brokers) : brokers;
  if (list === undefined || list === null) {
    throw new KafkaJSNonRetriableError('Failed to connect: brokers should not be null');
  }
  if (!Array.isArray(list)) {
    throw new KafkaJSNonRetriableError('Failed to connect: brokers must be an array of "host:port"');
  }
  if (list.length === 0) throw new KafkaJSNonRetriableError('Failed to connect: brokers array is empty');
  for (const [index, broker] of list.entries()) {
    if (typeof broker === 'string' && broker !== '') continue;
    throw new KafkaJSNonRetriableError(
      `Failed to connect: broker at index ${index} is invalid "${typeof broker}"`,
    );
  }
  return list;
}

async function ask(brokers: () => string[] | Promise<string[]>): Promise<unknown> {
  try {
    return await brokers();
  } catch (cause) {
    throw new KafkaJSConnectionError(`Failed to connect: "config.brokers" threw: ${messageOf(cause)}`, {
      cause,
    });
  }
}
