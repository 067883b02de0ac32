// Puts a reported failure into words.
import { kafkaErrorDescription, kafkaErrorName, RecordError, withoutStack } from '../errors';
import type { Topic } from '../partition/topic';
import type { DeliveryReport } from './delivery-report';
import { type AdmissionWaits, type BrokerHealth, inWords, whereTimeWent } from './timeout-stage';

// Of these the code says nothing but that it did not work; the reason stands in a broker's error.
const WITHOUT_REASON: ReadonlySet<string> = new Set([
  '_MSG_TIMED_OUT',
  '_TIMED_OUT',
  '_TRANSPORT',
  '_PURGE_QUEUE',
  '_FATAL',
]);

/** How librdkafka refuses or fails the records of a transaction that can only be aborted. */
const TAKEN_BACK: ReadonlySet<string> = new Set(['_PURGE_QUEUE', '_PURGE_INFLIGHT', '_STATE']);

/** What is known of a failed record beside the report. */
export interface FailedRecord {
  topicName: string;
  topic: Topic | undefined;
  index: number;
  /** When it was handed over; `performance.now()`. */
  packedAt: number;
  waits?: AdmissionWaits;
}

export function recordFailure(
  report: DeliveryReport,
  at: number,
  record: FailedRecord,
  health: BrokerHealth,
): RecordError {
  const { topicName, index } = record;
  const code = report.errors[at];
  const name = kafkaErrorName(code);
  const partition = report.partitions[at] >= 0 ? report.partitions[at] : undefined;
  const persisted = report.persisted(at);
  const where = partition === undefined ? `topic ${topicName}` : `topic ${topicName}, partition ${partition}`;
  const detail = report.details?.get(at);
  const cause = WITHOUT_REASON.has(name) ? health.lastError() : undefined;
  const because = cause === undefined ? '' : ` (last broker error: ${cause.message})`;
  const details = { topic: topicName, partition, index, persisted, cause, fatal: name === '_FATAL' };
  if (health.transactional && TAKEN_BACK.has(name)) {
    return withoutStack(
      () =>
        new RecordError(
          `record ${index} for ${where} was not delivered: its transaction failed`,
          'TRANSACTION_ABORTED',
          details,
        ),
    );
  }
  if (name === '_PURGE_QUEUE' || name === '_PURGE_INFLIGHT') {
    return withoutStack(
      () =>
        new RecordError(
          `record ${index} for ${where} was not delivered before the producer closed${because}`,
          'PRODUCER_CLOSED',
          details,
        ),
    );
  }
  const deadline =
    name === '_MSG_TIMED_OUT'
      ? whereTimeWent(
          health,
          record.topic,
          partition ?? -1,
          report.unanswered(at),
          record.packedAt,
          record.waits,
        )
      : undefined;
  const said = detail === undefined ? '' : `: ${detail}`;
  const spent = deadline === undefined ? '' : `: ${inWords(deadline)}`;
  return withoutStack(
    () =>
      new RecordError(
        `record ${index} for ${where}: ${kafkaErrorDescription(code)}${said}${spent}${because}`,
        name,
        { ...details, timedOutIn: deadline?.stage, waited: deadline?.waited },
      ),
  );
}
