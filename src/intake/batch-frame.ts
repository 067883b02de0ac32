// One frame of a batch: which records it has, and what it holds of the buffer's memory.
import type { BufferMemory } from '../buffer/buffer-memory';
import { Holding } from '../buffer/holding';
import type { DeliveryReport } from '../delivery/delivery-report';
import type { FrameOwner } from '../handover/frame-handover';
import { RECORD_OVERHEAD_BYTES } from './pipeline';

export class BatchFrame implements FrameOwner {
  /** Index of its first record in the batch. */
  readonly begin: number;
  /** Of its first record: a place for a refused one has to belong to some topic. */
  readonly topicId: number;
  readonly packedAt = performance.now();
  /** What it has taken of the buffer's memory. */
  readonly holding: Holding;
  /** Records in it, known once it is packed. */
  count = 0;
  #givenUp = false;
  readonly #onSettled: (frame: BatchFrame, report: DeliveryReport) => void;
  readonly #onRefused: (frame: BatchFrame, cause: unknown) => void;

  constructor(
    begin: number,
    topicId: number,
    memory: BufferMemory,
    onSettled: (frame: BatchFrame, report: DeliveryReport) => void,
    onRefused: (frame: BatchFrame, cause: unknown) => void,
  ) {
    this.begin = begin;
    this.topicId = topicId;
    this.holding = new Holding(memory);
    this.#onSettled = onSettled;
    this.#onRefused = onRefused;
  }

  /** Admission counted characters; now the bytes are known. */
  readonly packed = (bytes: number, records: number): void => {
    this.holding.correct(bytes + records * RECORD_OVERHEAD_BYTES);
    this.count = records;
  };

  settled(report: DeliveryReport): void {
    if (!this.#givenUp) this.#onSettled(this, report);
    this.holding.release(report);
  }

  /** A batch tells of all its records at once. */
  partly(report: DeliveryReport): void {
    this.holding.releaseSettled(report.errors);
  }

  givenUp(report: DeliveryReport): void {
    this.#givenUp = true;
    this.#onSettled(this, report);
  }

  refused(cause: unknown): void {
    this.#onRefused(this, cause);
    this.holding.releaseUnsent();
  }
}
