// Runs a format reader over given chunks and gathers what it yields.
import type { BatchReader, RecordBatch } from '../../../src/ingest/formats/record-batch';

export interface Gathered {
  batches: RecordBatch[];
  records: { line: number; key: unknown; value: string; original: string }[];
  malformed: { line: number; reason: string; original: string }[];
}

export async function readAll(reader: BatchReader, chunks: (Buffer | string)[]): Promise<Gathered> {
  const batches: RecordBatch[] = [];
  for await (const batch of reader(chunksOf(chunks))) batches.push(batch);
  return {
    batches,
    records: batches.flatMap((batch) =>
      batch.records.map(({ key, value }, index) => ({
        line: batch.lineNumbers[index],
        key,
        value: String(value),
        original: String(batch.original(index)),
      })),
    ),
    malformed: batches.flatMap((batch) =>
      batch.malformed.map(({ lineNumber, reason, original }) => ({
        line: lineNumber,
        reason,
        original: String(original),
      })),
    ),
  };
}

async function* chunksOf(chunks: (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk as string);
}
