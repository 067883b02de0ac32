// The thread of an ingestion: takes chunks as they come, and sends what is in them by itself.
import { parentPort, workerData } from 'node:worker_threads';
import { MillraceError, messageOf } from '../errors';
import { Producer } from '../producer';
import { ingestHere } from './ingest';
import type { FromWorker, IngestWorkerData, ToWorker } from './ingest-messages';
import { IngestError } from './ingest-options';
import { ProgressLedger } from './progress-ledger';
import { Stopped } from './source';

const port = parentPort as NonNullable<typeof parentPort>;
const { handle, plan, takesRejects, topicOptions } = workerData as IngestWorkerData;
const tell = (message: FromWorker) => port.postMessage(message);

const waiting: ToWorker[] = [];
let wake: (() => void) | undefined;
const stopped = new AbortController();
let rejectAnswered: { taken: () => void; failed: (error: Error) => void } | undefined;

port.on('message', (message: ToWorker) => {
  if ('rejectTaken' in message) rejectAnswered?.taken();
  else if ('rejectFailed' in message) rejectAnswered?.failed(new Error('rejects failed'));
  else if ('readNoMore' in message) stopped.abort();
  else {
    waiting.push(message);
    wake?.();
  }
});

async function* chunks(): AsyncGenerator<Buffer> {
  for (;;) {
    while (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const message = waiting.shift() as ToWorker;
    if ('stop' in message) throw new Stopped();
    if (!('chunk' in message)) return;
    tell({ taken: true });
    const { buffer, byteOffset, byteLength } = message.chunk;
    yield Buffer.from(buffer, byteOffset, byteLength);
  }
}

async function run(): Promise<void> {
  const ledger = new ProgressLedger(plan.startOffset ?? 0, {
    rejects: takesRejects
      ? (reject) =>
          new Promise((taken, failed) => {
            rejectAnswered = { taken, failed };
            tell({ reject });
          })
      : undefined,
    onProgress: (progress) => tell({ progress }),
  });
  let producer: Producer | undefined;
  try {
    producer = Producer.attach(handle, {
      partitioner: topicOptions.partitioner,
      topics: { [plan.topic]: topicOptions },
    });
    const target = Producer.ingestTarget(producer);
    const report = await ingestHere(chunks(), plan, target, ledger, stopped.signal, (header) =>
      tell({ header }),
    );
    tell({ done: report });
  } catch (error) {
    const report = error instanceof IngestError ? error.report : ledger.report;
    const code = error instanceof MillraceError ? error.code : 'INGEST_FAILED';
    tell({ failed: { message: messageOf(error), code, report } });
  } finally {
    await producer?.close();
    tell({ closed: true });
    port.close();
  }
}

void run();
