// The caller's side of an ingestion that runs in a thread of its own.
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../workers/worker-entry';
import { CHUNKS_AHEAD, type FromWorker, type IngestWorkerData, type ToWorker } from './ingest-messages';
import { IngestError, type IngestReport } from './ingest-options';
import type { LedgerListeners } from './progress-ledger';
import { Stopped } from './source';

/** `report` is kept up to date. @throws IngestError */
export async function ingestInThread(
  chunks: AsyncIterable<Buffer>,
  data: IngestWorkerData,
  { rejects, onProgress }: LedgerListeners,
  onHeader: (header: string) => void,
  report: IngestReport,
): Promise<IngestReport> {
  const worker = new Worker(workerEntry('ingest/ingest-worker'), { workerData: data });
  const send = (message: ToWorker, moved: ArrayBuffer[] = []) => worker.postMessage(message, moved);
  let onTheirWay = 0;
  let over = false;
  let wake: (() => void) | undefined;
  const bytesRead = () => report.bytesRead;

  const ended = new Promise<IngestReport>((resolve, reject) => {
    const receive: { [K in keyof Messages]: (message: Messages[K]) => void } = {
      taken: () => {
        onTheirWay--;
        wake?.();
      },
      progress: (progress) => {
        Object.assign(report, progress, { bytesRead: bytesRead() });
        onProgress(report);
      },
      reject: (line) => {
        const bytes = Buffer.from(line.data.buffer, line.data.byteOffset, line.data.byteLength);
        Promise.resolve()
          .then(() => rejects?.({ ...line, data: bytes }))
          .then(
            () => send({ rejectTaken: true }),
            (error: unknown) =>
              send({ rejectFailed: { message: error instanceof Error ? error.message : String(error) } }),
          );
      },
      header: onHeader,
      done: (final) => resolve(Object.assign(report, final, { bytesRead: bytesRead() })),
      failed: ({ message, code, report: final }) => {
        Object.assign(report, final, { bytesRead: bytesRead() });
        reject(new IngestError(message, code, report));
      },
    };
    worker.on('message', (message: FromWorker) => {
      const [kind] = Object.keys(message) as (keyof Messages)[];
      receive[kind]((message as Messages)[kind] as never);
    });
    worker.on('error', (cause) => {
      reject(
        new IngestError(`the ingestion's thread failed: ${cause.message}`, 'WORKER_FAILED', report, cause),
      );
    });
    worker.on('exit', (code) => {
      reject(
        new IngestError(`the ingestion's thread ended early, with code ${code}`, 'WORKER_FAILED', report),
      );
    });
  }).finally(() => {
    over = true;
    wake?.();
  });
  // It is awaited at the end; until then a failure only stops the reading.
  ended.catch(() => {});

  try {
    for await (const chunk of chunks) {
      const whole = chunk.byteLength === chunk.buffer.byteLength ? chunk : Buffer.from(new Uint8Array(chunk));
      onTheirWay++;
      send({ chunk: whole }, [whole.buffer as ArrayBuffer]);
      while (onTheirWay >= CHUNKS_AHEAD && !over) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (over) break;
    }
    send({ end: true });
  } catch (error) {
    // What was read is delivered before the source's failure is told.
    send({ stop: true });
    await ended;
    if (error instanceof Stopped) return ended;
    throw new IngestError((error as Error).message, codeOf(error), report, error);
  }
  return ended;
}

type Messages = { [M in FromWorker as keyof M]: M[keyof M] };

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'INGEST_FAILED';
}
