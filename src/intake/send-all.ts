// `producer.sendAll()`: everything a source gives, no faster than the buffer takes it.
import { check, FUNCTION, type Rule, readOptions, SIGNAL } from '../check-given';
import type { BatchResult } from '../delivery/batch-result';
import { BatchError, type RecordError } from '../errors';
import { guarded } from '../guarded';
import { onAbort } from './abort-signal';
import type { Dispatch } from './dispatch';
import type { ProducerRecord } from './record';
import { SourceReading } from './source-reading';

export interface SendAllOptions {
  /**
   * Called for each record that failed; its `index` counts from the source's first. What it throws, or a promise that it
   * returns rejects with, ends the call. Without it the first failure does.
   */
  onRecordError?: ((error: RecordError) => void) | undefined;
  /** Ends the call with its reason, whatever it is waiting for: the source, or room for what is not accepted yet. */
  signal?: AbortSignal | undefined;
}

export interface SendAllResult {
  /** Records taken from the source. */
  count: number;
  delivered: number;
  failed: number;
}

const RULES = { onRecordError: FUNCTION, signal: SIGNAL };

const SOURCE: Rule = {
  must: 'an iterable or async iterable of records',
  fits: (value) => {
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(value);
    return typeof value === 'object' && (typeof later === 'function' || typeof now === 'function');
  },
};

/** Records in a batch at most; fewer when the source has no more at hand. */
const BATCH_RECORDS = 1000;

export async function sendAll<K, V>(
  source: AsyncIterable<ProducerRecord<K, V>> | Iterable<ProducerRecord<K, V>>,
  dispatchBatch: (records: ProducerRecord<K, V>[], signal?: AbortSignal) => Dispatch<BatchResult>,
  options: SendAllOptions | undefined,
): Promise<SendAllResult> {
  check('sendAll: source', SOURCE, source);
  const { onRecordError, signal } = readOptions<SendAllOptions>('sendAll', options, RULES);
  if (signal?.aborted) throw signal.reason;
  const result: SendAllResult = { count: 0, delivered: 0, failed: 0 };
  const inFlight = new Set<Promise<void>>();
  const reading = new SourceReading(source);
  const ignoreSignal = signal && onAbort(signal, () => reading.stop(signal.reason));

  const told = guarded(onRecordError, (reason) => reading.stop(reason));
  const settle = async (dispatch: Dispatch<BatchResult>, first: number, count: number): Promise<void> => {
    try {
      await dispatch.delivered;
      result.delivered += count;
    } catch (error) {
      const errors = error instanceof BatchError ? error.errors : undefined;
      result.failed += errors?.length ?? count;
      result.delivered += count - (errors?.length ?? count);
      try {
        if (errors === undefined) throw error;
        const inSource = errors.map((one) => one.at(first + one.index));
        if (onRecordError === undefined) throw inSource[0];
        await Promise.all(inSource.map(told));
        if ((error as BatchError).code === 'PRODUCER_CLOSED') throw inSource[0];
      } catch (reason) {
        reading.stop(reason);
      }
    }
  };
  const put = async (records: ProducerRecord<K, V>[]): Promise<void> => {
    const dispatch = dispatchBatch(records, signal);
    const settled = settle(dispatch, result.count, records.length);
    result.count += records.length;
    inFlight.add(settled);
    void settled.then(() => inFlight.delete(settled));
    await dispatch.accepted.catch(() => {});
  };

  // A slow source's records go when the event loop comes round, a fast one's when a batch is full; neither before the buffer
  // has taken those that went.
  let open: ProducerRecord<K, V>[] = [];
  let putting: Promise<void> | undefined;
  let scheduled = false;
  const putWhatComes = async (): Promise<void> => {
    try {
      while (open.length > 0) {
        const records = open;
        open = [];
        await put(records);
      }
    } finally {
      putting = undefined;
    }
  };
  const putOpen = (): Promise<void> | undefined => {
    if (open.length > 0) putting ??= putWhatComes();
    return putting;
  };
  try {
    for (;;) {
      const coming = reading.next();
      const { done, value } = 'then' in coming ? await coming : coming;
      if (done) break;
      open.push(value);
      if (open.length >= BATCH_RECORDS) {
        await putOpen();
      } else if (!scheduled) {
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          void putOpen();
        });
      }
    }
  } finally {
    reading.leave();
    await putOpen();
    await Promise.all(inFlight);
    ignoreSignal?.();
  }
  reading.throwIfStopped();
  return result;
}
