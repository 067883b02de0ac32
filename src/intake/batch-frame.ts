// One frame of a batch: which records it has, and what it holds of the buffer's memory.
import type { BufferMemory } from '../buffer/buffer-memory';
import type { DeliveryReport } from '../delivery/delivery-report';
import type { FrameOwner } from '../handover/frame-handover';
import { RECORD_OVERHEAD_BYTES } from './pipeline';

export class BatchFrame implements FrameOwner {
  /** Index of its first record in the batch. */
  readonly begin: number;
  /** Of its first record: a place for a refused one has to belong to some topic. */
  readonly topicId: number;
  readonly packedAt = performance.now();
  /** Bytes taken from the buffer's memory for it. */
  admitted = 0;
  /** Records in it, known once it is packed. */
  count = 0;
  #givenUp = false;
  readonly #memory: BufferMemory;
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
    this.#memory = memory;
    this.#onSettled = onSettled;
    this.#onRefused = onRefused;
  }

  /** Admission counted characters; now the bytes are known. */
  readonly packed = (bytes: number, records: number): void => {
    const exact = bytes + records * RECORD_OVERHEAD_BYTES;
    this.#memory.adjust(exact - this.admitted);
    this.admitted = exact;
    this.count = records;
  };

  settled(report: DeliveryReport): void {
    if (!this.#givenUp) this.#onSettled(this, report);
    this.#memory.release(this.admitted);
  }

  /** A batch tells of all its records at once. */
  partly(): void {}

  givenUp(report: DeliveryReport): void {
    this.#givenUp = true;
    this.#onSettled(this, report);
  }

  refused(cause: unknown): void {
    this.#onRefused(this, cause);
    this.#memory.release(this.admitted);
  }
}
