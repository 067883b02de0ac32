// What became of a batch: typed arrays over the addon's reports, put together only when read.
import type { RecordError } from '../errors';
import type { DeliveryReport } from './delivery-report';
import { RecordMetadata, TIMESTAMP_TYPES } from './record-metadata';

/** A stretch of a batch that travelled in one frame. */
export interface BatchPart {
  /** Index of its first record in the batch. */
  begin: number;
  /** When it was handed over; `performance.now()`. */
  packedAt: number;
  report: DeliveryReport;
}

/** Records have the indexes they had in the call. */
export class BatchResult {
  /** Records in the batch, failed ones included. */
  readonly count: number;
  readonly failedCount: number;
  readonly #parts: readonly BatchPart[];
  readonly #failures: ReadonlyMap<number, RecordError>;
  readonly #topicOf: (index: number) => string;
  #partitions: Int32Array | undefined;
  #offsets: BigInt64Array | undefined;
  #timestamps: Float64Array | undefined;
  #timestampTypes: Uint8Array | undefined;

  /** @internal @param failures by index, of every record that failed */
  constructor(
    count: number,
    parts: readonly BatchPart[],
    failures: ReadonlyMap<number, RecordError>,
    topicOf: (index: number) => string,
  ) {
    this.count = count;
    this.failedCount = failures.size;
    this.#parts = parts;
    this.#failures = failures;
    this.#topicOf = topicOf;
  }

  get deliveredCount(): number {
    return this.count - this.failedCount;
  }

  /** Each record's partition; -1 where a record failed before it had one. */
  get partitions(): Int32Array {
    this.#partitions ??= this.#collect(new Int32Array(this.count), (report) => report.partitions, -1);
    return this.#partitions;
  }

  /** Each record's offset; -1n where it failed or the broker did not tell (as with `acks: 0`). */
  get offsets(): BigInt64Array {
    this.#offsets ??= this.#collect(new BigInt64Array(this.count), (report) => report.offsets, -1n);
    return this.#offsets;
  }

  /** Each record's timestamp as stored, in ms since the epoch; -1 where it failed. */
  get timestamps(): Float64Array {
    this.#timestamps ??= this.#collect(new Float64Array(this.count), (report) => report.timestamps, -1);
    return this.#timestamps;
  }

  /** @internal Indexes into TIMESTAMP_TYPES. */
  get timestampTypes(): Uint8Array {
    this.#timestampTypes ??= this.#collect(new Uint8Array(this.count), (report) => report.timestampTypes, 0);
    return this.#timestampTypes;
  }

  /** Whether the record at this index was delivered. */
  delivered(index: number): boolean {
    return this.errorCode(index) === undefined;
  }

  /** The error code of the record at this index (its RecordError's), or undefined when it was delivered. */
  errorCode(index: number): string | undefined {
    this.#ensureInside(index);
    return this.#failures.get(index)?.code;
  }

  /** Metadata of the record at this index, as a single send would have given. */
  record(index: number): RecordMetadata {
    this.#ensureInside(index);
    return new RecordMetadata(
      this.#topicOf(index),
      this.partitions[index],
      this.offsets[index],
      this.timestamps[index],
      TIMESTAMP_TYPES[this.timestampTypes[index]],
    );
  }

  #ensureInside(index: number): void {
    if (index >= 0 && index < this.count) return;
    throw new RangeError(`record index ${index} is outside the batch of ${this.count}`);
  }

  // With a single part, the report's own array: no copy.
  #collect<A extends Int32Array | BigInt64Array | Float64Array | Uint8Array>(
    whole: A,
    of: (report: DeliveryReport) => A,
    missing: A[number],
  ): A {
    const [first] = this.#parts;
    if (first !== undefined && first.report.count === this.count) return of(first.report);
    whole.fill(missing as never);
    for (const { begin, report } of this.#parts) whole.set(of(report) as never, begin);
    return whole;
  }
}
