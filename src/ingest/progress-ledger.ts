// Counts what becomes of an ingestion's records, and up to where everything is settled, whatever the order of outcomes.
import { callOut } from '../call-out';
import { IngestError, type IngestReject, type IngestReport, MALFORMED } from './ingest-options';

/** A stretch of the source whose records travel together. */
export interface Stretch {
  /** Where it ends, and so what is committed once it and all before it are settled. */
  end: number;
  settled: boolean;
  /** It was given up before its end. */
  partial: boolean;
}

export interface LedgerListeners {
  /** undefined: the first such line ends the ingestion. */
  rejects: ((reject: IngestReject) => void | Promise<void>) | undefined;
  onProgress: (report: IngestReport) => void;
}

export class ProgressLedger {
  readonly report: IngestReport;
  readonly #listeners: LedgerListeners;
  readonly #stretches: Stretch[] = [];
  #failure: { error: unknown } | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(startOffset: number, listeners: LedgerListeners) {
    this.report = {
      committedOffset: startOffset,
      bytesRead: 0,
      records: 0,
      delivered: 0,
      failed: 0,
      malformed: 0,
      skipped: 0,
      deliveredBytes: 0,
      failuresByCode: {},
    };
    this.#listeners = listeners;
  }

  /** Whether lines that fail are handed on; otherwise the first ends the ingestion. */
  get takesRejects(): boolean {
    return this.#listeners.rejects !== undefined;
  }

  /** Whether reading on makes no sense. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** In the order of the source, when the stretch's records have been counted. */
  begin(end: number): Stretch {
    const stretch = { end, settled: false, partial: false };
    this.#stretches.push(stretch);
    callOut(this.#listeners.onProgress, this.report);
    return stretch;
  }

  countDelivered(records: number, bytes: number): void {
    this.report.delivered += records;
    this.report.deliveredBytes += bytes;
  }

  /**
   * The stretch's outcomes are known: these lines failed, the others are delivered or skipped. Hands them to the sink
   * and waits for it; without one, or when it throws, the stretch counts up to there. Does not reject.
   */
  async conclude(stretch: Stretch, rejects: IngestReject[]): Promise<void> {
    rejects.sort((a, b) => a.offset - b.offset);
    for (const reject of rejects) this.#count(reject);
    for (const reject of rejects) {
      try {
        if (this.#listeners.rejects === undefined) throw this.#asError(reject);
        await this.#listeners.rejects(reject);
      } catch (error) {
        this.fail(error);
        stretch.end = reject.offset;
        stretch.partial = true;
        break;
      }
    }
    stretch.settled = true;
    this.#commit();
    callOut(this.#listeners.onProgress, this.report);
    this.#wake?.();
  }

  #count({ code }: IngestReject): void {
    const { report } = this;
    if (code === MALFORMED) {
      report.malformed++;
      return;
    }
    report.failed++;
    report.failuresByCode[code] = (report.failuresByCode[code] ?? 0) + 1;
  }

  #commit(): void {
    while (this.#stretches[0]?.settled) {
      const { end, partial } = this.#stretches.shift() as Stretch;
      if (this.#stopped) continue;
      this.report.committedOffset = end;
      this.#stopped = partial;
    }
  }

  #asError(reject: IngestReject): IngestError {
    return new IngestError(`line ${reject.line}: ${reject.reason}`, reject.code, this.report);
  }

  /** Ends the ingestion with this error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  /** Resolves when fewer than `limit` stretches are open. */
  async room(limit: number): Promise<void> {
    while (this.#stretches.length >= limit) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** Resolves when all is settled. @throws IngestError */
  async finish(): Promise<IngestReport> {
    await this.room(1);
    if (this.#failure === undefined) return this.report;
    const { error } = this.#failure;
    if (error instanceof IngestError) throw error;
    const { message, code = 'INGEST_FAILED' } = error as Error & { code?: string };
    throw new IngestError(message ?? String(error), String(code), this.report, error);
  }
}
