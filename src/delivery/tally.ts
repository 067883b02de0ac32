// Counts what became of records, for metrics and for close's receipt.
import type { ProducerRecord } from '../intake/record';

/** A record that was accepted and had not been delivered when the producer closed. */
export interface UnsentRecord<K = unknown, V = unknown> {
  record: ProducerRecord<K, V>;
  /** 'possibly': it was on its way, so a broker may have stored it all the same. */
  persisted: 'no' | 'possibly';
}

export class Tally {
  /** Got into the buffer. Each of these becomes delivered, failed or unsent. */
  accepted = 0;
  delivered = 0;
  failed = 0;
  /** Given up on because the producer closed. */
  unsent = 0;
  /** Never got into the buffer. */
  refused = 0;
  /** Filled while closing, when the caller wants to have them. */
  unsentRecords: UnsentRecord[] | undefined;

  /** An accepted record's end. */
  countFailure(code: string, persisted: 'no' | 'possibly', record: ProducerRecord<unknown, unknown>): void {
    if (code !== 'PRODUCER_CLOSED') {
      this.failed++;
      return;
    }
    this.unsent++;
    this.unsentRecords?.push({ record, persisted });
  }
}
