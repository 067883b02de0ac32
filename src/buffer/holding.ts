// What one frame holds of the buffer, in the order of its records: given back as they settle.
import { type DeliveryReport, IN_FLIGHT, REFUSED } from '../delivery/delivery-report';
import type { BufferMemory } from './buffer-memory';

export class Holding {
  readonly #memory: BufferMemory;
  // Runs of records of one topic: nearly always a single one.
  readonly #topicIds: number[] = [];
  readonly #bytes: number[] = [];
  readonly #records: number[] = [];
  #total = 0;

  constructor(memory: BufferMemory) {
    this.#memory = memory;
  }

  /** The frame's next records, and the bytes that were taken from the buffer for them. */
  add(topicId: number, bytes: number, records: number): void {
    const last = this.#topicIds.length - 1;
    // The place before the first is looked up by its name, and from then on every place is.
    if (last >= 0 && this.#topicIds[last] === topicId) {
      this.#bytes[last] += bytes;
      this.#records[last] += records;
    } else {
      this.#topicIds.push(topicId);
      this.#bytes.push(bytes);
      this.#records.push(records);
    }
    this.#total += bytes;
  }

  /** Corrects what was estimated at admission. The last topic bears the difference: which one it was is not known. */
  correct(total: number): void {
    const difference = total - this.#total;
    const last = this.#topicIds.length - 1;
    if (difference === 0 || last < 0) return;
    this.#memory.adjust(this.#topicIds[last], difference);
    this.#bytes[last] += difference;
    this.#total = total;
  }

  /**
   * Gives back what runs hold that have settled, so that a topic's records do not take its share for as long as another
   * topic's in the same frame are stuck. `errors`: of a report with failures or with records in flight.
   */
  releaseSettled(errors: Int16Array): void {
    let begin = 0;
    const failed: boolean[] = [];
    const given = this.#bytes.map((bytes, run) => {
      const end = begin + this.#records[run];
      const outcomes = errors.subarray(begin, end);
      begin = end;
      const settled = !outcomes.includes(IN_FLIGHT);
      // Once only: what was given back before is told of again with each report.
      failed.push(settled && bytes > 0 && outcomes.some((code) => code !== 0 && code !== REFUSED));
      if (!settled) return 0;
      this.#bytes[run] = 0;
      return bytes;
    });
    this.#memory.release(this.#topicIds, given, failed);
  }

  /** The frame's end: gives back what is left. */
  release(report: DeliveryReport): void {
    if (report.failedCount > 0) this.releaseSettled(report.errors);
    else this.#memory.release(this.#topicIds, this.#bytes);
  }

  /** Gives everything back: none of it was sent. */
  releaseUnsent(): void {
    const failed = this.#topicIds.map(() => true);
    this.#memory.release(this.#topicIds, this.#bytes, failed);
  }
}
