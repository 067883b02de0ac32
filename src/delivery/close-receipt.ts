// What close tells of everything the producer had accepted.
import { BOOLEAN, type Rule } from '../check-given';
import type { Tally, UnsentRecord } from './tally';

export interface CloseOptions {
  /** How long to wait for what was accepted. Default: `deliveryTimeoutMs`. */
  timeoutMs?: number | undefined;
  /** Whether the receipt is to hold the records that were given up on. Default false. */
  unsentRecords?: boolean | undefined;
}

export const CLOSE_RULES: { readonly [Name in keyof CloseOptions]-?: Rule } = {
  timeoutMs: {
    must: 'a number of at least 0 (ms)',
    fits: (value) => typeof value === 'number' && value >= 0,
  },
  unsentRecords: BOOLEAN,
};

/** Counts since the producer was made: delivered + failed + unsent = accepted. */
export interface CloseReceipt<K = unknown, V = unknown> {
  /** Records that got into the buffer. */
  accepted: number;
  delivered: number;
  /** Failed for reasons of their own, before or during close. */
  failed: number;
  /** Not delivered when close's time was over. Their sends reject with PRODUCER_CLOSED. */
  unsent: number;
  /** Never got into the buffer, so that their sends were rejected at once or while they waited. */
  refused: number;
  /** The unsent ones, when asked for. */
  unsentRecords: UnsentRecord<K, V>[];
}

export function receiptOf<K, V>(tally: Tally): CloseReceipt<K, V> {
  const { accepted, delivered, failed, unsent, refused } = tally;
  return {
    accepted,
    delivered,
    failed,
    unsent,
    refused,
    unsentRecords: (tally.unsentRecords ?? []) as UnsentRecord<K, V>[],
  };
}
