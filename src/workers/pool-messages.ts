// What a pool and its threads tell each other.
import type { ProducerHandle } from './producer-handle';
import type { RecordColumns } from './record-columns';
import type { WorkerModulePath } from './worker-module';

export interface PoolWorkerData {
  handle: ProducerHandle;
  module: WorkerModulePath;
}

export type ToPoolWorker = { id: number; topic: string; columns: RecordColumns } | { close: true };

export interface FailedRecord {
  index: number;
  code: string;
  message: string;
  persisted: 'no' | 'possibly';
  retriable: boolean;
}

export interface PartOutcome {
  partitions: Int32Array;
  offsets: BigInt64Array;
  timestamps: Float64Array;
  failed: FailedRecord[];
  /** Time that serializing, partitioning and packing took in the thread. */
  microseconds: number;
}

export type FromPoolWorker =
  | { id: number; outcome: PartOutcome }
  /** The module could not be loaded, or the producer not be attached to: the thread is of no use. */
  | { useless: { code: string; message: string } };
