// How a record that cannot be produced is told of.
import { describeValue, messageOf, RecordError, type RecordField } from '../errors';

export function invalid(
  index: number,
  topic: string | undefined,
  field: RecordField | undefined,
  expected: string,
  got: unknown,
  what: string | undefined = field,
): RecordError {
  const where = topic === undefined ? '' : ` for topic ${topic}`;
  return new RecordError(
    `record ${index}${where}: ${what} must be ${expected}, got ${describeValue(got)}`,
    'INVALID_RECORD',
    { topic, index, field },
  );
}

/** Of a record that nobody has looked at, for the words of an error: '' where it has none that could be read. */
export function topicOf(read: () => { topic?: unknown } | undefined, defaultTopic?: string): string {
  try {
    const topic = read()?.topic ?? defaultTopic;
    return topic === undefined ? '' : String(topic);
  } catch {
    return '';
  }
}

/** Reading a record may run the caller's code (getters, proxies), which may throw anything. */
export function asRecordError(error: unknown, index: number): RecordError {
  if (error instanceof RecordError) return error;
  const reason = messageOf(error);
  return new RecordError(`record ${index} could not be read: ${reason}`, 'INVALID_RECORD', {
    index,
    cause: error,
  });
}
