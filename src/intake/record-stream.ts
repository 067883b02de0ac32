// `producer.writable()`: an object-mode stream of records whose back-pressure is the buffer's.
import { Writable } from 'node:stream';
import { FUNCTION, integerFrom, readOptions } from '../check-given';
import type { BatchResult } from '../delivery/batch-result';
import { BatchError, messageOf, RecordError } from '../errors';
import { guarded } from '../guarded';
import type { Dispatch } from './dispatch';
import type { ProducerRecord } from './record';

export interface WritableOptions {
  /** Records the stream holds before `write` returns false. Default 1,000. */
  highWaterMark?: number | undefined;
  /**
   * Called for each record that failed; its `index` counts from the stream's first. What it throws, or a promise that it
   * returns rejects with, destroys the stream. Without it the first failure does.
   */
  onRecordError?: ((error: RecordError) => void) | undefined;
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
  let count = 0;
  let whenDrained: (() => void) | undefined;

  const fail = (reason: unknown) => {
    stream.destroy(
      reason instanceof Error ? reason : new Error(`onRecordError failed: ${messageOf(reason)}`),
    );
  };
  const told = guarded(onRecordError, fail);
  const tell = async (error: unknown, first: number): Promise<void> => {
    const errors = error instanceof BatchError ? error.errors : [error as RecordError];
    const inStream = errors.map((one) => (one instanceof RecordError ? one.at(first + one.index) : one));
    if (onRecordError === undefined) fail(inStream[0]);
    else await Promise.all(inStream.map(told));
  };
  const put = (records: ProducerRecord<K, V>[], callback: () => void): void => {
    const { accepted, delivered } = dispatchBatch(records);
    const first = count;
    count += records.length;
    inFlight++;
    delivered
      .catch((error) => tell(error, first))
      .finally(() => {
        inFlight--;
        if (inFlight === 0) whenDrained?.();
      });
    // Refused records are told of by `delivered`; a call that is refused as a whole is the stream's end besides.
    accepted.then(callback, callback);
  };

  const stream = new Writable({
    objectMode: true,
    highWaterMark,
    write(record, _encoding, callback) {
      put([record], callback);
    },
    writev(chunks, callback) {
      put(
        chunks.map(({ chunk }) => chunk),
        callback,
      );
    },
    final(callback) {
      if (inFlight === 0) callback();
      else whenDrained = callback;
    },
  });
  return stream;
}
