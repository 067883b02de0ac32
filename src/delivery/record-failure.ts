// Puts a reported failure into words.
import { kafkaErrorDescription, kafkaErrorName, RecordError, withoutStack } from '../errors';
import type { DeliveryReport } from './delivery-report';

/** Tells the last thing a broker connection complained of, for errors that are its consequence. */
export type LastBrokerError = () => Error | undefined;

// Of these the code says nothing but that it did not work; the reason stands in a broker's error.
const WITHOUT_REASON: ReadonlySet<string> = new Set([
  '_MSG_TIMED_OUT',
  '_TIMED_OUT',
  '_TRANSPORT',
  '_PURGE_QUEUE',
  '_FATAL',
]);

export function recordFailure(
  report: DeliveryReport,
  at: number,
  topic: string,
  index: number,
  lastBrokerError: LastBrokerError,
): RecordError {
  const code = report.errors[at];
  const name = kafkaErrorName(code);
  const partition = report.partitions[at] >= 0 ? report.partitions[at] : undefined;
  const where = partition === undefined ? `topic ${topic}` : `topic ${topic}, partition ${partition}`;
  const detail = report.details?.get(at);
  const cause = WITHOUT_REASON.has(name) ? lastBrokerError() : undefined;
  const because = cause === undefined ? '' : ` (last broker error: ${cause.message})`;
  if (name === '_PURGE_QUEUE' || name === '_PURGE_INFLIGHT') {
    return withoutStack(
      () =>
        new RecordError(
          `record ${index} for ${where} was not delivered before the producer closed${because}`,
          'PRODUCER_CLOSED',
          { topic, partition, index, persisted: report.persisted(at), cause },
        ),
    );
  }
  return withoutStack(
    () =>
      new RecordError(
        `record ${index} for ${where}: ${kafkaErrorDescription(code)}${detail === undefined ? '' : `: ${detail}`}${because}`,
        name,
        { topic, partition, index, persisted: report.persisted(at), cause, fatal: name === '_FATAL' },
      ),
  );
}
