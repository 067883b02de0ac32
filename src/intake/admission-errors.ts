// What a record is told that never got into librdkafka.
import type { BufferMemory, WaitEnd } from '../buffer/buffer-memory';
import { type AdmissionWaits, inWholeMs } from '../delivery/timeout-stage';
import { messageOf, RecordError, withoutStack } from '../errors';
import type { CheckedRecord } from './check-record';

/** Others than the time have ended a wait. */
export function waitEnded(reason: Exclude<WaitEnd, 'timeout'>, topic: string, index: number): RecordError {
  return reason === 'closed' ? closedBeforeSent(topic, index) : transactionAborted(topic, index);
}

/** A serializer has not kept its promise. */
export function serializationTimeout(
  topic: string,
  field: 'key' | 'value',
  index: number,
  maxBlockMs: number,
  waits: AdmissionWaits,
): RecordError {
  return withoutStack(
    () =>
      new RecordError(
        `record ${index} for topic ${topic}: the ${field} serializer's promise was not kept within maxBlockMs ` +
          `(${maxBlockMs} ms)`,
        'SERIALIZATION_TIMEOUT',
        { topic, index, field, timedOutIn: 'serializer', waited: inWholeMs(waits, 0) },
      ),
  );
}

export function transactionAborted(topic: string, index: number): RecordError {
  return withoutStack(
    () =>
      new RecordError(
        `record ${index} for topic ${topic} was not sent: its transaction was aborted`,
        'TRANSACTION_ABORTED',
        { topic, index },
      ),
  );
}

/** A topic could not be looked up, which is told to all who wait for it: each has waited for a time of its own. */
export function topicUnknown(error: RecordError, waits: AdmissionWaits): RecordError {
  return error.timedOutIn === undefined ? error : error.after(inWholeMs(waits, 0));
}

/** The buffer stayed full. `topicId`: whose share it was waited for. */
export function bufferTimeout(
  topic: string,
  index: number,
  memory: BufferMemory,
  topicId: number,
  waits: AdmissionWaits,
  lastBrokerError: Error | undefined,
): RecordError {
  const held = memory.usedBy(topicId);
  const whose =
    held > 0 && memory.roomFor(topicId) < memory.capacity - memory.used
      ? `, ${held} of them of this topic (limit by topicBufferShare: ${memory.limitOf(topicId)})`
      : '';
  const because = lastBrokerError === undefined ? '' : ` (last broker error: ${lastBrokerError.message})`;
  return withoutStack(
    () =>
      new RecordError(
        `record ${index} for topic ${topic}: the buffer stayed full for maxBlockMs (${memory.maxBlockMs} ms): ` +
          `${memory.used} of ${memory.capacity} bytes (bufferMemory) are waiting for acknowledgement${whose}${because}`,
        'BUFFER_TIMEOUT',
        { topic, index, timedOutIn: 'buffer', waited: inWholeMs(waits, 0), cause: lastBrokerError },
      ),
  );
}

export function largerThanBuffer(
  record: CheckedRecord,
  index: number,
  bytes: number,
  capacity: number,
): RecordError {
  return new RecordError(
    `record ${index} for topic ${record.topic} takes ${bytes} bytes, more than bufferMemory (${capacity})`,
    'MSG_SIZE_TOO_LARGE',
    { topic: record.topic, index },
  );
}

export function closedBeforeSent(topic: string, index: number): RecordError {
  return withoutStack(
    () =>
      new RecordError(
        `record ${index} for topic ${topic} was not sent before the producer closed`,
        'PRODUCER_CLOSED',
        {
          topic,
          index,
        },
      ),
  );
}

/** The caller's AbortSignal fired while the record waited. */
export function aborted(topic: string, index: number, signal: AbortSignal): RecordError {
  return withoutStack(
    () =>
      new RecordError(`record ${index} for topic ${topic} was aborted before it was accepted`, 'ABORTED', {
        topic,
        index,
        cause: signal.reason,
      }),
  );
}

/** What the addon throws when the client is closed. */
export function isClosedError(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'PRODUCER_CLOSED';
}

/** The addon refused a whole frame, as it does when the client was closed, perhaps by the thread that owns it. */
export function frameRefused(topic: string, index: number, cause: unknown): RecordError {
  return withoutStack(
    () =>
      new RecordError(
        `record ${index} for topic ${topic} could not be handed over: ${messageOf(cause)}`,
        isClosedError(cause) ? 'PRODUCER_CLOSED' : 'INVALID_RECORD',
        {
          topic,
          index,
          cause,
        },
      ),
  );
}
