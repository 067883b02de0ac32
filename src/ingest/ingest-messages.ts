// What the two threads of an ingestion tell each other.

import type { KeylessPartitioning, PartitionerName } from '../partition/partitioner';
import type { ProducerHandle } from '../workers/producer-handle';
import type { IngestPlan, IngestReject, IngestReport } from './ingest-options';

export interface IngestWorkerData {
  handle: ProducerHandle;
  plan: IngestPlan;
  /** Whether rejects are wanted; otherwise the first ends the ingestion. */
  takesRejects: boolean;
  /** The topic's, as the owner has them. */
  topicOptions: { partitioner: PartitionerName; keylessPartitioning: KeylessPartitioning };
}

/** Bytes (moved, not copied), their end, that there will be no more, or that the last reject was dealt with. */
export type ToWorker =
  | { chunk: Uint8Array }
  | { end: true }
  | { stop: true }
  /** Ahead of `stop`, and of the bytes that are on their way: what has not been begun need not be waited for. */
  | { readNoMore: true }
  | { rejectTaken: true }
  /** Why, only the caller's side knows. */
  | { rejectFailed: true };

export type FromWorker =
  /** A chunk was taken: there is room for another. */
  | { taken: true }
  | { progress: IngestReport }
  | { reject: IngestReject }
  | { header: string }
  | { done: IngestReport }
  /** Behind `done` or `failed`: there is nothing of ours in the thread any more. */
  | { closed: true }
  | { failed: { message: string; code: string; report: IngestReport } };

/** Chunks on their way between the threads. */
export const CHUNKS_AHEAD = 8;
