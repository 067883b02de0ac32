// Moves batches from a reader to the producer, several in flight, and settles each record's account.
import { BatchError, MillraceError, type Producer, type ProducerRecord, RecordError } from '../index';
import type { FailureLog } from './failure-log';
import type { RecordBatch } from './formats/record-batch';
import { InFlight } from './in-flight';
import type { RejectsFile } from './rejects';
import type { Tally } from './tally';

const BATCHES_IN_FLIGHT = 16;

export interface Run {
  producer: Pick<Producer, 'sendBatch'>;
  tally: Tally;
  failures: FailureLog;
  rejects: RejectsFile | null;
  /** Called when a batch has been settled. */
  onProgress: () => void;
  /** No batch is read or sent after it. */
  stop: AbortSignal;
}

/** Resolves when every record that was sent is settled. */
export async function produceAll(batches: AsyncIterable<RecordBatch>, run: Run): Promise<void> {
  const inFlight = new InFlight(BATCHES_IN_FLIGHT, run.stop);
  try {
    for await (const batch of batches) {
      await inFlight.room();
      if (run.stop.aborted) break;
      // Calls follow one another without waiting, and the producer keeps their order.
      inFlight.start(produceBatch(batch, run));
    }
  } catch (error) {
    // Stopping a read that waits for input makes it throw.
    if (!run.stop.aborted) {
      await inFlight.drained().catch(() => {});
      throw error;
    }
  }
  await inFlight.drained();
}

async function produceBatch(batch: RecordBatch, run: Run): Promise<void> {
  const { tally, failures, rejects } = run;
  const rejected: (Buffer | string)[] = [];
  tally.skipped += batch.skipped;
  tally.malformed += batch.malformed.length;
  for (const { lineNumber, reason, original } of batch.malformed) {
    failures.add(lineNumber, reason);
    rejected.push(original);
  }
  tally.sent += batch.records.length;
  const failed = batch.records.length === 0 ? [] : await send(batch.records, run.producer);
  let deliveredBytes = batch.bytes;
  for (const { index, error } of failed) {
    tally.countFailure(error instanceof MillraceError ? error.code : 'UNKNOWN');
    failures.add(batch.lineNumbers[index], describe(error));
    rejected.push(batch.original(index));
    deliveredBytes -= batch.records[index].value?.length ?? 0;
  }
  tally.delivered += batch.records.length - failed.length;
  tally.deliveredBytes += deliveredBytes;
  run.onProgress();
  if (rejects && rejected.length > 0) await rejects.write(rejected);
}

interface Failure {
  index: number;
  error: unknown;
}

async function send(records: ProducerRecord[], producer: Run['producer']): Promise<Failure[]> {
  try {
    await producer.sendBatch(records);
    return [];
  } catch (error) {
    if (error instanceof BatchError) return error.errors.map((each) => ({ index: each.index, error: each }));
    // The call failed as a whole.
    return records.map((_, index) => ({ index, error }));
  }
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const mayBeThere = error instanceof RecordError && error.persisted === 'possibly';
  return mayBeThere ? `${message} (the broker may have stored it all the same)` : message;
}
