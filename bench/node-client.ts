// What a Node client's adapter offers to the measuring loop.
import type { PoolRecord } from './record-pool';
import type { TrialSpec } from './trial';

/** Calls hand the client's own promise on: one around it would be paid for by the fast clients above all. */
export interface NodeClient {
  versions: Record<string, string>;
  /** Resolves when every record of the batch is acknowledged; rejects when one is not. */
  sendBatch?(batch: readonly PoolRecord[]): Promise<unknown>;
  sendOne?(record: PoolRecord): Promise<unknown>;
  /** Puts a record into the client's own types before the clock starts: an application would have it so. */
  prepare?(record: PoolRecord): PoolRecord;
  /** Set by clients whose `sendBatch` resolves at acceptance: waits until everything is acknowledged. */
  drain?(): Promise<void>;
  close(): Promise<void>;
}

export type Connect = (spec: TrialSpec) => Promise<NodeClient>;
