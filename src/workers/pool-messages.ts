// What a pool and its threads tell each other.
import type { FailedRecord } from './pool-failure';
import type { ProducerHandle } from './producer-handle';
import type { RecordColumns } from './record-columns';
import type { WorkerModulePath } from './worker-module';

/** Whose records they are: one for each `producer.workers()`. */
export interface PoolUser {
  readonly id: number;
  readonly handle: ProducerHandle;
  readonly module: WorkerModulePath;
  /** A thread that says nothing for so long, with something of the user's in hand, is ended. */
  readonly longestSilenceMs: number;
}

export interface SendTask {
  readonly user: number;
  /** Goes along until the thread is known to know it. */
  readonly opening: PoolUser | undefined;
  readonly topic: string;
  readonly columns: RecordColumns;
}

export interface PartOutcome {
  partitions: Int32Array;
  offsets: BigInt64Array;
  timestamps: Float64Array;
  /** As a report has them. */
  timestampTypes: Uint8Array;
  failed: FailedRecord[];
  /** Time that serializing, partitioning and packing took in the thread. */
  microseconds: number;
}
