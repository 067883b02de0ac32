// `producer.writable()`: an object-mode stream of records whose back-pressure is the buffer's.
import { Writable } from 'node:stream';
import { FUNCTION, integerFrom, readOptions } from '../check-given';
import type { BatchResult } from '../delivery/batch-result';
import { BatchError, type RecordError } from '../errors';
import type { Dispatch } from './dispatch';
import type { ProducerRecord } from './record';

export interface WritableOptions {
  /** Records the stream holds before `write` returns false. Default 1,000. */
  highWaterMark?: number;
  /** Called for each record that failed. What it throws destroys the stream. Without it the first failure does. */
  onRecordError?: (error: RecordError) => void;
}

const RULES = { highWaterMark: integerFrom(0), onRecordError: FUNCTION };

/**
 * Takes records; a write's callback comes when they are in the producer's buffer, 'finish' when all are delivered. Those
 * that have gathered travel as one batch.
 * @throws ConfigError
 */
export function recordStream<K, V>(
  dispatchBatch: (records: ProducerRecord<K, V>[]) => Dispatch<BatchResult>,
  options: WritableOptions | undefined,
): Writable {
  const { highWaterMark = 1000, onRecordError } = readOptions<WritableOptions>('writable', options, RULES);
  let inFlight = 0;
  let whenDrained: (() => void) | undefined;

  const tell = (stream: Writable, error: unknown): void => {
    const errors = error instanceof BatchError ? error.errors : [error as RecordError];
    try {
      if (onRecordError === undefined) throw errors[0];
      for (const one of errors) onRecordError(one);
    } catch (reason) {
      stream.destroy(reason as Error);
    }
  };
  const put = (stream: Writable, records: ProducerRecord<K, V>[], callback: () => void): void => {
    const { accepted, delivered } = dispatchBatch(records);
    inFlight++;
    delivered
      .catch((error) => tell(stream, error))
      .finally(() => {
        inFlight--;
        if (inFlight === 0) whenDrained?.();
      });
    // Refused records are told of by `delivered`.
    accepted.then(callback, callback);
  };

  return new Writable({
    objectMode: true,
    highWaterMark,
    write(record, _encoding, callback) {
      put(this, [record], callback);
    },
    writev(chunks, callback) {
      put(
        this,
        chunks.map(({ chunk }) => chunk),
        callback,
      );
    },
    final(callback) {
      if (inFlight === 0) callback();
      else whenDrained = callback;
    },
  });
}
