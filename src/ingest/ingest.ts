// One ingestion: from a source's bytes to the report, in a thread of its own or in the caller's.
import { ConfigError, MillraceError, messageOf } from '../errors';
import { guarded } from '../guarded';
import { BatchSend } from '../intake/batch-send';
import type { Pipeline } from '../intake/pipeline';
import type { BytesLike } from '../intake/record';
import { closedError } from '../lifecycle';
import type { ResolvedOptions } from '../options/producer-options';
import type { PartitionerName } from '../partition/partitioner';
import { loadFunction } from '../workers/load-module';
import type { ProducerHandle } from '../workers/producer-handle';
import { runBatches, type SendBatch } from './batch-lane';
import { readerOf } from './formats/format';
import {
  IngestError,
  type IngestPlan,
  type IngestReject,
  type IngestReport,
  type IngestSource,
  type IngestTask,
  type LineParser,
} from './ingest-options';
import { ingestInThread } from './ingest-thread';
import { hasLineLane, LineLane } from './line-lane';
import type { OpenIngestions } from './open-ingestions';
import { ProgressLedger } from './progress-ledger';
import { openRejects, type RejectSink, toFunction } from './reject-sink';
import { chunksOf, ensureStartWithin, fileOf, Stopped } from './source';

/** The producer, as an ingestion sees it. */
export interface IngestTarget {
  readonly options: ResolvedOptions<BytesLike, BytesLike>;
  readonly pipeline: Pipeline<BytesLike, BytesLike>;
  readonly ingestions: OpenIngestions;
  share(): ProducerHandle;
  /** Call before sending. @throws MillraceError PRODUCER_CLOSED */
  begin(): void;
}

/** @throws IngestError; ConfigError */
export async function ingest(
  source: IngestSource,
  task: IngestTask,
  target: IngestTarget,
): Promise<IngestReport> {
  if (target.options.transactionalId !== undefined) {
    throw new ConfigError("ingest: not with transactionalId, whose transactions are the caller's to end");
  }
  const { plan, rejects, signal } = task;
  const { startOffset = 0 } = plan;
  // Aborted by `signal`, and by what makes reading on senseless.
  const reading = new AbortController();
  const stop = () => reading.abort();
  const chunks = chunksOf(source, startOffset, reading.signal, (count) => {
    ledger.report.bytesRead += count;
  });
  // Where nothing is to be waited for, it begins at once: before a close that follows.
  if (startOffset > 0) await ensureStartWithin(source, startOffset);
  const input = fileOf(source);
  const isPlace = rejects !== undefined && typeof rejects !== 'function';
  const sink = isPlace ? await openRejects(rejects, input, startOffset > 0) : rejects && toFunction(rejects);
  const { ledger, onHeader } = ledgerFor(task, sink, startOffset, target.ingestions);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  ledger.failing.addEventListener('abort', stop);
  try {
    return await ingestThere(chunks, task, target, ledger, onHeader);
  } finally {
    stop();
    signal?.removeEventListener('abort', stop);
    await sink?.close();
  }
}

function ledgerFor(
  { onProgress, onHeader }: IngestTask,
  sink: RejectSink | undefined,
  startOffset: number,
  ingestions: OpenIngestions,
): { ledger: ProgressLedger; onHeader: (header: string) => void } {
  const failed = (listener: string) => (cause: unknown) => {
    const message = `${listener} failed: ${messageOf(cause)}`;
    ledger.fail(new IngestError(message, 'INGEST_FAILED', ledger.report, cause));
  };
  const progressed = guarded(onProgress, failed('onProgress'));
  const ledger = new ProgressLedger(startOffset, {
    rejects:
      sink &&
      (async (reject: IngestReject) => {
        await sink.take(reject);
        ingestions.heard();
      }),
    onProgress: (report) => {
      ingestions.heard();
      progressed(report);
    },
  });
  const tellHeader = guarded(onHeader, failed('onHeader'));
  return {
    ledger,
    onHeader: (header) => {
      sink?.setHeading(header);
      tellHeader(header);
    },
  };
}

function ingestThere(
  chunks: AsyncIterable<Buffer>,
  task: IngestTask,
  target: IngestTarget,
  ledger: ProgressLedger,
  onHeader: (header: string) => void,
): Promise<IngestReport> {
  const { plan, signal } = task;
  // A partitioner that is code stays in its thread.
  const { partitioner, keylessPartitioning } = target.pipeline.rules.topics.of(plan.topic);
  const { thread = typeof partitioner === 'function' ? 'caller' : 'worker' } = task;
  if (thread === 'caller') return ingestHere(chunks, plan, target, ledger, signal, onHeader);
  if (typeof partitioner === 'function') {
    throw new ConfigError(
      "ingest: a partitioner that is code cannot go to another thread: thread must be 'caller'",
    );
  }
  const topicOptions = { partitioner: partitioner as PartitionerName, keylessPartitioning };
  const data = { handle: target.share(), plan, takesRejects: ledger.takesRejects, topicOptions };
  return ingestInThread(chunks, data, ledger, signal, onHeader, target.ingestions.givenUp);
}

/** In this thread. `signal`: fired when no more is to be read. @throws IngestError */
export async function ingestHere(
  chunks: AsyncIterable<Buffer>,
  plan: IngestPlan,
  target: IngestTarget,
  ledger: ProgressLedger,
  signal: AbortSignal | undefined,
  onHeader: (header: string) => void,
): Promise<IngestReport> {
  const { closing, givenUp } = target.ingestions;
  const endReading = () => ledger.fail(closedError());
  if (closing.aborted) endReading();
  closing.addEventListener('abort', endReading);
  const sendingAll = sendAll(chunks, plan, target, ledger, signal, onHeader).catch((error: unknown) => {
    if (!(error instanceof Stopped)) ledger.fail(error);
  });
  // What it may wait for in vain, a source or a module, is not waited for when all is over.
  await Promise.race([sendingAll, ledger.untilFailed()]);
  // From now on, closing only means that the rest is settled soon.
  closing.removeEventListener('abort', endReading);
  return ledger.finish(givenUp);
}

/** Resolves when everything has been handed over. Throws what reading throws. */
async function sendAll(
  chunks: AsyncIterable<Buffer>,
  plan: IngestPlan,
  target: IngestTarget,
  ledger: ProgressLedger,
  signal: AbortSignal | undefined,
  onHeader: (header: string) => void,
): Promise<void> {
  const { startOffset = 0 } = plan;
  const topics = target.pipeline.rules.topics.ofBytes();
  const pipeline = { ...target.pipeline, rules: { ...target.pipeline.rules, topics } };
  if (hasLineLane(plan, topics.of(plan.topic))) {
    return new LineLane(pipeline, plan, ledger, signal, () => target.begin()).run(chunks, startOffset);
  }
  const read = readerOf(plan, await parserOf(plan), onHeader);
  const sendBatch: SendBatch = (records) => {
    target.begin();
    return new Promise((resolve, reject) => new BatchSend(pipeline, records, resolve, reject).start());
  };
  return runBatches(chunks, read, sendBatch, ledger, startOffset);
}

async function parserOf({ format }: IngestPlan): Promise<LineParser | undefined> {
  if (typeof format !== 'object') return undefined;
  const make = await loadFunction(format);
  let parser: unknown;
  try {
    parser = await make(format.options);
  } catch (cause) {
    throw new MillraceError(`module ${format.module} failed: ${messageOf(cause)}`, 'MODULE_FAILED', {
      cause,
    });
  }
  if (typeof parser === 'function') return parser as LineParser;
  throw new MillraceError(
    `module ${format.module} must return a function that takes a line`,
    'MODULE_FAILED',
  );
}
