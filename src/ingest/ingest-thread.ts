// The caller's side of an ingestion that runs in a thread of its own.
import { Worker } from 'node:worker_threads';
import { checkCloneable } from '../check-given';
import { closedError } from '../lifecycle';
import { workerEntry } from '../workers/worker-entry';
import { CHUNKS_AHEAD, type FromWorker, type IngestWorkerData, type ToWorker } from './ingest-messages';
import { IngestError, type IngestReport } from './ingest-options';
import type { ProgressLedger } from './progress-ledger';
import { Stopped } from './source';

/**
 * The ledger's counts are the thread's, kept up to date. `signal`: fired when no more is to be read. `givenUp`: the thread is
 * waited for no longer.
 * @throws IngestError; ConfigError when options cannot go to another thread
 */
export async function ingestInThread(
  chunks: AsyncIterable<Buffer>,
  data: IngestWorkerData,
  ledger: ProgressLedger,
  signal: AbortSignal | undefined,
  onHeader: (header: string) => void,
  givenUp: AbortSignal,
): Promise<IngestReport> {
  const { format } = data.plan;
  if (typeof format === 'object') checkCloneable('ingest: format.options', format.options);
  const worker = new Worker(workerEntry('ingest/ingest-worker'), { workerData: data });
  const send = (message: ToWorker, moved: ArrayBuffer[] = []) => worker.postMessage(message, moved);
  const { report } = ledger;
  const update = (progress: IngestReport) => Object.assign(report, progress, { bytesRead: report.bytesRead });
  let onTheirWay = 0;
  let wake: (() => void) | undefined;
  ledger.failing.addEventListener('abort', () => wake?.());
  let rejectIsOpen = false;
  let giveUp = () => {};

  // The thread is done with the ingestion.
  const ended = new Promise<void>((resolve) => {
    let isOver = false;
    const end = () => {
      isOver = true;
      resolve();
    };
    const failed = (message: string, code: string, cause?: unknown) => {
      if (!isOver) ledger.fail(new IngestError(message, code, report, cause));
      end();
    };
    const receive: { [K in keyof Messages]: (message: Messages[K]) => void } = {
      taken: () => {
        onTheirWay--;
        wake?.();
      },
      progress: (progress) => {
        update(progress);
        ledger.tellProgress();
      },
      reject: (line) => {
        const bytes = Buffer.from(line.data.buffer, line.data.byteOffset, line.data.byteLength);
        rejectIsOpen = true;
        ledger
          .handOut({ ...line, data: bytes })
          .then(
            () => send({ rejectTaken: true }),
            (error: unknown) => {
              ledger.fail(error);
              send({ rejectFailed: true });
            },
          )
          .finally(() => {
            rejectIsOpen = false;
          });
      },
      header: onHeader,
      done: (final) => {
        update(final);
        end();
      },
      failed: ({ message, code, report: final }) => {
        update(final);
        failed(message, code);
      },
      // Whatever a module has left running there.
      closed: () => void worker.terminate(),
    };
    worker.on('message', (message: FromWorker) => {
      const [kind] = Object.keys(message) as (keyof Messages)[];
      receive[kind]((message as Messages)[kind] as never);
    });
    worker.on('error', (cause) => {
      failed(`the ingestion's thread failed: ${cause.message}`, 'WORKER_FAILED', cause);
    });
    worker.on('exit', (exitCode) => {
      failed(`the ingestion's thread ended early, with code ${exitCode}`, 'WORKER_FAILED');
    });
    giveUp = () => {
      const { message, code } = closedError();
      const who = rejectIsOpen ? 'rejects has not settled' : "the ingestion's thread does not answer";
      ledger.fail(new IngestError(`${message}, and ${who}`, code, report));
      void worker.terminate().then(end);
    };
  });
  givenUp.addEventListener('abort', giveUp);
  const readNoMore = () => {
    send({ readNoMore: true });
    wake?.();
  };
  if (signal?.aborted) readNoMore();
  signal?.addEventListener('abort', readNoMore);

  try {
    for await (const chunk of chunks) {
      const whole = chunk.byteLength === chunk.buffer.byteLength ? chunk : Buffer.from(new Uint8Array(chunk));
      onTheirWay++;
      send({ chunk: whole }, [whole.buffer as ArrayBuffer]);
      while (onTheirWay >= CHUNKS_AHEAD && !ledger.failed && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    send({ end: true });
  } catch (error) {
    // What was read is delivered before a failure is told.
    send({ stop: true });
    if (!(error instanceof Stopped)) ledger.fail(error);
  }
  await ended;
  signal?.removeEventListener('abort', readNoMore);
  givenUp.removeEventListener('abort', giveUp);
  return ledger.finish(givenUp);
}

type Messages = { [M in FromWorker as keyof M]: M[keyof M] };
