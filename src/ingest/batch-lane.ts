// The way of formats that JavaScript reads: batches of records, several in flight.
import { BatchError, MillraceError, messageOf, RecordError } from '../errors';
import type { ProducerRecord } from '../intake/record';
import { sizeOf } from './formats/line-records';
import type { BatchReader, RecordBatch } from './formats/record-batch';
import { type IngestReject, MALFORMED, withoutRecord } from './ingest-options';
import type { ProgressLedger, Stretch } from './progress-ledger';

const BATCHES_IN_FLIGHT = 16;

export type SendBatch = (records: ProducerRecord[]) => Promise<unknown>;

/** Resolves when everything has been sent. Throws what reading throws. */
export async function runBatches(
  chunks: AsyncIterable<Buffer>,
  read: BatchReader,
  sendBatch: SendBatch,
  ledger: ProgressLedger,
  startOffset: number,
): Promise<void> {
  for await (const batch of read(chunks)) {
    await ledger.room(BATCHES_IN_FLIGHT);
    if (ledger.failed) return;
    ledger.report.skipped += batch.skipped;
    // Nothing behind the line that ends the ingestion is sent.
    const ends = batch.malformed.length > 0 && !ledger.takesRejects;
    const end = ends ? batch.malformed[0].offset : batch.endOffset;
    const records = ends ? batch.records.filter((_, index) => batch.offsets[index] < end) : batch.records;
    ledger.report.records += records.length;
    const stretch = ledger.begin(startOffset + batch.endOffset);
    // Calls follow one another without waiting, and the producer keeps their order.
    void settleBatch(batch, records, stretch, sendBatch, ledger, startOffset);
    ledger.tellProgress();
    if (ends) return;
  }
}

async function settleBatch(
  batch: RecordBatch,
  records: ProducerRecord[],
  stretch: Stretch,
  sendBatch: SendBatch,
  ledger: ProgressLedger,
  startOffset: number,
): Promise<void> {
  const { malformed } = batch;
  const rejects: IngestReject[] = malformed.map(({ lineNumber, offset, reason, original }) => ({
    line: lineNumber,
    offset: startOffset + offset,
    reason,
    code: MALFORMED,
    persisted: 'no',
    data: Buffer.from(original),
  }));
  let bytes = records.reduce((sum, { value }) => sum + sizeOf(value), 0);
  for (const { index, error } of records.length === 0 ? [] : await failuresOf(records, sendBatch)) {
    bytes -= sizeOf(records[index].value);
    rejects.push({
      line: batch.lineNumbers[index],
      offset: startOffset + batch.offsets[index],
      ...describeFailure(error),
      data: Buffer.from(batch.original(index)),
    });
  }
  ledger.countDelivered(records.length + malformed.length - rejects.length, bytes);
  ledger.conclude(stretch, rejects);
}

async function failuresOf(
  records: ProducerRecord[],
  sendBatch: SendBatch,
): Promise<{ index: number; error: unknown }[]> {
  try {
    await sendBatch(records);
    return [];
  } catch (error) {
    if (error instanceof BatchError) return error.errors.map((each) => ({ index: each.index, error: each }));
    // The call failed as a whole.
    return records.map((_, index) => ({ index, error }));
  }
}

/** A failed record's entry in the rejects. */
export function describeFailure(error: unknown): Pick<IngestReject, 'reason' | 'code' | 'persisted'> {
  return {
    reason: withoutRecord(messageOf(error)),
    code: error instanceof MillraceError ? error.code : 'UNKNOWN',
    persisted: error instanceof RecordError ? error.persisted : 'no',
  };
}
