// A record on its way through chaos, and what its promise said of it.
import { BatchError, type BatchResult, type ProducerRecord, RecordError } from '../../src';
import type { Outcome, Position } from './write-log';

export interface ChaosRecord {
  topic: string;
  key: string;
  value: string;
  /** To be called as soon as the record's promise has settled. */
  settle(outcome: Exclude<Outcome, 'open'>, position?: Position): void;
}

export function plain({ topic, key, value }: ChaosRecord): ProducerRecord {
  return { topic, key, value };
}

/** Tells the log what a batch's promise says of each of its records. */
export async function settleBatch(
  records: readonly ChaosRecord[],
  sent: Promise<BatchResult>,
): Promise<void> {
  try {
    const result = await sent;
    records.forEach(({ settle }, i) => {
      settle('acknowledged', result.record(i));
    });
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    const failures = new Map(error.errors.map((failure) => [failure.index, failure]));
    records.forEach(({ settle }, i) => {
      const failure = failures.get(i);
      if (failure === undefined) settle('acknowledged', error.result.record(i));
      else settle(outcomeOf(failure));
    });
  }
}

export function outcomeOf(error: unknown): 'failed' | 'unsure' {
  // Anything else is a broken promise of its own: failures of records are RecordErrors.
  if (!(error instanceof RecordError)) throw error;
  return error.persisted === 'no' ? 'failed' : 'unsure';
}
