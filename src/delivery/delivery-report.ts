// Reads what the addon reports of a settled frame. The layout is explained in native/delivery_report.h.

const HEAD_BYTES = 16;
const RECORD_BYTES = 24;

/** Values of `errors` beside librdkafka's: the record was rejected before it was packed. */
export const REFUSED = -32768;
/** Not settled yet: in partial reports. */
export const IN_FLIGHT = -32767;

/** `native/delivery_report.h` numbers them in this order. */
export const REPORT_KINDS = ['settled', 'partly', 'given up'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** librdkafka's rd_kafka_msg_status_t, in which 0 is "not persisted". */
const POSSIBLY_PERSISTED = 1;
/** `native/pending_frame.h`'s addition: as far as librdkafka knows not, but an earlier try may have been. */
const PERHAPS_RETRIED = 3;

/** librdkafka's code for a record given up while a broker may have had it: _PURGE_INFLIGHT. */
const GIVEN_UP_IN_FLIGHT = -151;

/** As the addon would report a frame of which nobody waits for the outcome: every record may have been stored. */
export function abandonedReport(frame: number, count: number): DeliveryReport {
  const buffer = new ArrayBuffer(HEAD_BYTES + count * RECORD_BYTES);
  new Uint32Array(buffer, 0, 3).set([frame, count, count]);
  const report = new DeliveryReport(buffer, 0);
  report.offsets.fill(-1n);
  report.timestamps.fill(-1);
  report.partitions.fill(-1);
  report.errors.fill(GIVEN_UP_IN_FLIGHT);
  new Uint8Array(buffer, HEAD_BYTES + count * (RECORD_BYTES - 1), count).fill(POSSIBLY_PERSISTED);
  return report;
}

/** A report as of one frame, put together from what other threads told. Its arrays are still to be filled. */
export function emptyReport(count: number, failedCount: number): DeliveryReport {
  const buffer = new ArrayBuffer(HEAD_BYTES + count * RECORD_BYTES);
  new Uint32Array(buffer, 0, 3).set([0, count, failedCount]);
  return new DeliveryReport(buffer, 0);
}

/** Views into the addon's report; made only when read. */
export class DeliveryReport {
  readonly frame: number;
  readonly count: number;
  readonly failedCount: number;
  readonly kind: ReportKind;
  /** What brokers said of single records, by index. */
  details: Map<number, string> | undefined;
  readonly #buffer: ArrayBuffer;
  readonly #start: number;

  constructor(buffer: ArrayBuffer, start: number) {
    const head = new Uint32Array(buffer, start, 4);
    this.frame = head[0];
    this.count = head[1];
    this.failedCount = head[2];
    this.kind = REPORT_KINDS[head[3]];
    this.#buffer = buffer;
    this.#start = start + HEAD_BYTES;
  }

  /** Where the next report begins. */
  get end(): number {
    return this.#start + this.count * RECORD_BYTES;
  }

  /** -1n: not known. */
  get offsets(): BigInt64Array {
    return new BigInt64Array(this.#buffer, this.#start, this.count);
  }

  /** Milliseconds since the epoch; -1: none. */
  get timestamps(): Float64Array {
    return new Float64Array(this.#buffer, this.#start + this.count * 8, this.count);
  }

  get partitions(): Int32Array {
    return new Int32Array(this.#buffer, this.#start + this.count * 16, this.count);
  }

  /** 0: delivered. Otherwise librdkafka's code, or REFUSED. */
  get errors(): Int16Array {
    return new Int16Array(this.#buffer, this.#start + this.count * 20, this.count);
  }

  get timestampTypes(): Uint8Array {
    return new Uint8Array(this.#buffer, this.#start + this.count * 22, this.count);
  }

  persisted(index: number): 'no' | 'possibly' {
    return this.#statuses[index] >= POSSIBLY_PERSISTED ? 'possibly' : 'no';
  }

  /** Whether the failed record was in a request that a broker did not answer. */
  unanswered(index: number): boolean {
    const status = this.#statuses[index];
    return status >= POSSIBLY_PERSISTED && status !== PERHAPS_RETRIED;
  }

  get #statuses(): Uint8Array {
    return new Uint8Array(this.#buffer, this.#start + this.count * 23, this.count);
  }
}
