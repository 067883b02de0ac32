// One ingestion: from a source's bytes to the report, in a thread of its own or in the caller's.
import { ConfigError, MillraceError } from '../errors';
import { BatchSend } from '../intake/batch-send';
import type { Pipeline } from '../intake/pipeline';
import type { BytesLike } from '../intake/record';
import type { ResolvedOptions } from '../options/producer-options';
import { RulesByTopic } from '../options/topic-rules';
import type { PartitionerName } from '../partition/partitioner';
import { loadFunction } from '../workers/load-module';
import type { ProducerHandle } from '../workers/producer-handle';
import { runBatches, type SendBatch } from './batch-lane';
import { readerOf } from './formats/format';
import type { IngestOptions, IngestPlan, IngestReport, IngestSource, LineParser } from './ingest-options';
import { ingestInThread } from './ingest-thread';
import { hasLineLane, LineLane } from './line-lane';
import { ProgressLedger } from './progress-ledger';
import { chunksOf, Stopped } from './source';

/** The producer, as an ingestion sees it. */
export interface IngestTarget {
  readonly options: ResolvedOptions<BytesLike, BytesLike>;
  readonly pipeline: Pipeline<BytesLike, BytesLike>;
  share(): ProducerHandle;
  /** Call before sending. @throws MillraceError PRODUCER_CLOSED */
  begin(): void;
}

/** @throws IngestError; ConfigError */
export async function ingest(
  source: IngestSource,
  options: IngestOptions,
  plan: IngestPlan,
  target: IngestTarget,
): Promise<IngestReport> {
  if (target.options.transactionalId !== undefined) {
    throw new ConfigError("ingest: not with transactionalId, whose transactions are the caller's to end");
  }
  const { startOffset = 0 } = plan;
  const { rejects, onProgress = () => {}, onHeader = () => {}, signal } = options;
  const ledger = new ProgressLedger(startOffset, { rejects, onProgress });
  const chunks = chunksOf(source, startOffset, signal, (count) => {
    ledger.report.bytesRead += count;
  });
  // A partitioner that is code stays in its thread.
  const { partitioner, keylessPartitioning } = target.pipeline.rules.topics.of(plan.topic);
  const { thread = typeof partitioner === 'function' ? 'caller' : 'worker' } = options;
  if (thread === 'caller') return ingestHere(chunks, plan, target, ledger, onHeader);
  if (typeof partitioner === 'function') {
    throw new ConfigError(
      "ingest: a partitioner that is code cannot go to another thread: thread must be 'caller'",
    );
  }
  const topicOptions = { partitioner: partitioner as PartitionerName, keylessPartitioning };
  const data = { handle: target.share(), plan, takesRejects: rejects !== undefined, topicOptions };
  return ingestInThread(chunks, data, { rejects, onProgress }, onHeader, ledger.report);
}

/** In this thread. @throws IngestError */
export async function ingestHere(
  chunks: AsyncIterable<Buffer>,
  plan: IngestPlan,
  target: IngestTarget,
  ledger: ProgressLedger,
  onHeader: (header: string) => void,
): Promise<IngestReport> {
  const { startOffset = 0 } = plan;
  const topics = RulesByTopic.ofBytes(target.options);
  const pipeline = { ...target.pipeline, rules: { ...target.pipeline.rules, topics } };
  try {
    if (hasLineLane(plan, topics.of(plan.topic))) {
      await new LineLane(pipeline, plan, ledger, () => target.begin()).run(chunks, startOffset);
    } else {
      const read = readerOf(plan, await parserOf(plan), onHeader);
      const sendBatch: SendBatch = (records) => {
        target.begin();
        return new Promise((resolve, reject) => new BatchSend(pipeline, records, resolve, reject).start());
      };
      await runBatches(chunks, read, sendBatch, ledger, startOffset);
    }
  } catch (error) {
    if (!(error instanceof Stopped)) ledger.fail(error);
  }
  return ledger.finish();
}

async function parserOf({ format }: IngestPlan): Promise<LineParser | undefined> {
  if (typeof format !== 'object') return undefined;
  const make = await loadFunction(format);
  let parser: unknown;
  try {
    parser = await make(format.options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError(`module ${format.module} failed: ${reason}`, 'MODULE_FAILED', { cause });
  }
  if (typeof parser === 'function') return parser as LineParser;
  throw new MillraceError(
    `module ${format.module} must return a function that takes a line`,
    'MODULE_FAILED',
  );
}
