// Counts what became of every record, and how long it took.
import { CONTENT_REFUSALS } from '../errors';
import type { IngestReject, IngestReport } from '../index';
import { MALFORMED } from '../ingest/ingest-options';

const FAULTS_OF_THE_LINE: ReadonlySet<string> = new Set([
  ...CONTENT_REFUSALS,
  MALFORMED,
  'SERIALIZATION_FAILED',
  '_UNKNOWN_PARTITION',
]);

export class Tally {
  /** Handed to the producer. */
  sent = 0;
  delivered = 0;
  failed = 0;
  malformed = 0;
  skipped = 0;
  deliveredBytes = 0;
  /** Failed records by error code. */
  readonly failuresByCode: Record<string, number> = {};
  /** Everything in the input before it needs no other run; null before anything was read. */
  committedOffset: number | null = null;
  /** Where the first line begins that another run may deliver, and that nobody has kept. */
  private lostFrom = Number.POSITIVE_INFINITY;
  private startedAt = performance.now();
  private endedAt: number | null = null;

  get inFlight(): number {
    return this.sent - this.delivered - this.failed;
  }

  get errors(): number {
    return this.failed + this.malformed;
  }

  get seconds(): number {
    return ((this.endedAt ?? performance.now()) - this.startedAt) / 1_000;
  }

  get recordsPerSecond(): number {
    return this.delivered / Math.max(this.seconds, 0.001);
  }

  get megabytesPerSecond(): number {
    return this.deliveredBytes / 1e6 / Math.max(this.seconds, 0.001);
  }

  /** Takes over an ingestion's counts. */
  set(report: IngestReport): void {
    this.sent = report.records;
    this.delivered = report.delivered;
    this.failed = report.failed;
    this.malformed = report.malformed;
    this.skipped = report.skipped;
    this.deliveredBytes = report.deliveredBytes;
    this.committedOffset = Math.min(report.committedOffset, this.lostFrom);
    Object.assign(this.failuresByCode, report.failuresByCode);
  }

  /** A line that failed and is kept nowhere. One that no run could deliver is passed over. */
  lose({ code, offset }: Pick<IngestReject, 'code' | 'offset'>): void {
    if (!FAULTS_OF_THE_LINE.has(code)) this.lostFrom = Math.min(this.lostFrom, offset);
  }

  countFailure(code: string): void {
    this.failed++;
    this.failuresByCode[code] = (this.failuresByCode[code] ?? 0) + 1;
  }

  /** Else it runs since this was made. */
  startClock(): void {
    this.startedAt = performance.now();
  }

  stopClock(): void {
    this.endedAt ??= performance.now();
  }
}
