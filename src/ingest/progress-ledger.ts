// Counts what becomes of an ingestion's records, and up to where everything is settled, whatever the order of outcomes.

import { closedError } from '../lifecycle';
import { WaitQueue } from '../wait-queue';
import {
  asIngestError,
  IngestError,
  type IngestReject,
  type IngestReport,
  MALFORMED,
} from './ingest-options';

/** A stretch of the source whose records travel together. */
export interface Stretch {
  /** Where it ends, and so what is committed once it and all before it are settled. */
  end: number;
  /** Those of its lines that failed; undefined while that is not known. */
  rejects: IngestReject[] | undefined;
}

export interface LedgerListeners {
  /** undefined: the first such line ends the ingestion. */
  rejects: ((reject: IngestReject) => void | Promise<void>) | undefined;
  /** Does not throw. */
  onProgress: (report: IngestReport) => void;
}

/** Rejects that wait to be handed on may take so much memory before reading waits for them. */
const REJECT_BYTES_HELD = 8 << 20;
/** What a reject takes beside its line. */
const REJECT_OVERHEAD_BYTES = 300;

export class ProgressLedger {
  readonly report: IngestReport;
  readonly #listeners: LedgerListeners;
  readonly #stretches = new WaitQueue<Stretch>();
  readonly #failing = new AbortController();
  #failure: { error: unknown } | undefined;
  /** A line has ended it: what comes behind counts for nothing. */
  #ended = false;
  #handingOn = false;
  #finished = false;
  #bytesHeld = 0;
  #waiters: (() => void)[] = [];

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

  /** Aborted when it fails. */
  get failing(): AbortSignal {
    return this.#failing.signal;
  }

  /** In the order of the source, when the stretch's records have been counted. Progress is the caller's to tell: who is told may send. */
  begin(end: number): Stretch {
    const stretch = { end, rejects: undefined };
    this.#stretches.push(stretch);
    return stretch;
  }

  countDelivered(records: number, bytes: number): void {
    this.report.delivered += records;
    this.report.deliveredBytes += bytes;
  }

  /** The stretch's outcomes are known: these lines failed, the others are delivered or skipped. */
  conclude(stretch: Stretch, rejects: IngestReject[]): void {
    rejects.sort((a, b) => a.offset - b.offset);
    for (const reject of rejects) {
      this.#count(reject);
      this.#bytesHeld += heldBy(reject);
    }
    stretch.rejects = rejects;
    if (!this.#handingOn) void this.#handOn();
    this.tellProgress();
    this.#wake();
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

  /**
   * Commits stretches up to the first whose outcomes are not known, and hands on their rejects before, one at a time:
   * they come in the order of the source. Does not reject.
   */
  async #handOn(): Promise<void> {
    this.#handingOn = true;
    for (let first = this.#stretches.first; first?.rejects !== undefined; first = this.#stretches.first) {
      const { rejects } = first;
      let { end } = first;
      const endedBefore = this.#ended;
      for (const reject of rejects) {
        if (!this.#ended && !(await this.#take(reject))) {
          this.#ended = true;
          end = reject.offset;
        }
        this.#bytesHeld -= heldBy(reject);
      }
      this.#stretches.leave();
      if (!endedBefore) this.report.committedOffset = end;
      if (rejects.length > 0) this.tellProgress();
      this.#wake();
    }
    this.#handingOn = false;
  }

  async #take(reject: IngestReject): Promise<boolean> {
    try {
      await this.handOut(reject);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** @throws whatever the caller's side does with it; IngestError when nobody wants it */
  async handOut(reject: IngestReject): Promise<void> {
    if (this.#listeners.rejects === undefined) {
      throw new IngestError(`line ${reject.line}: ${reject.reason}`, reject.code, this.report);
    }
    await this.#listeners.rejects(reject);
  }

  tellProgress(): void {
    if (!this.#finished) this.#listeners.onProgress(this.report);
  }

  /** Ends the ingestion with this error. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#failing.abort();
    this.#wake();
  }

  /** Resolves when it fails. */
  untilFailed(): Promise<void> {
    if (this.failed) return Promise.resolve();
    return new Promise((resolve) => {
      this.failing.addEventListener('abort', () => resolve());
    });
  }

  /** Resolves when there is room for another stretch: fewer than `limit` are open. Or when it has failed. */
  room(limit: number): Promise<void> {
    return this.#until(
      () => this.failed || (this.#stretches.length < limit && this.#bytesHeld < REJECT_BYTES_HELD),
    );
  }

  /** Resolves when all is settled. `givenUp`: that is waited for no longer. @throws IngestError */
  async finish(givenUp: AbortSignal): Promise<IngestReport> {
    const giveUp = () => this.#wake();
    givenUp.addEventListener('abort', giveUp);
    await this.#until(() => this.#stretches.length === 0 || givenUp.aborted);
    givenUp.removeEventListener('abort', giveUp);
    this.#finished = true;
    if (this.#stretches.length > 0) {
      const { message, code } = closedError();
      throw new IngestError(`${message}, and rejects has not settled`, code, { ...this.report });
    }
    if (this.#failure !== undefined) throw asIngestError(this.#failure.error, this.report);
    return this.report;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
    }
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

function heldBy({ data }: IngestReject): number {
  return data.length + REJECT_OVERHEAD_BYTES;
}
