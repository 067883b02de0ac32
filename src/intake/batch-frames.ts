// The frames of one batch: the one being packed, and those on their way.
import type { BufferMemory } from '../buffer/buffer-memory';
import type { DeliveryReport } from '../delivery/delivery-report';
import type { FrameHandover } from '../handover/frame-handover';
import { BatchFrame } from './batch-frame';
import { FRAME_BYTES, FRAME_RECORDS } from './pipeline';

/** Where the outcomes go. */
export interface FrameEnds {
  frameSettled(frame: BatchFrame, report: DeliveryReport): void;
  frameRefused(frame: BatchFrame, cause: unknown): void;
}

export class BatchFrames {
  readonly #memory: BufferMemory;
  readonly #handover: FrameHandover;
  readonly #ends: FrameEnds;
  /** Called behind each frame's end. */
  readonly #ended: () => void;
  #open: BatchFrame | undefined;
  #onTheirWay = 0;

  constructor(memory: BufferMemory, handover: FrameHandover, ends: FrameEnds, ended: () => void) {
    this.#memory = memory;
    this.#handover = handover;
    this.#ends = ends;
    this.#ended = ended;
  }

  /** What is being packed. */
  get open(): BatchFrame | undefined {
    return this.#open;
  }

  get anyOnTheirWay(): boolean {
    return this.#onTheirWay > 0;
  }

  /** The open frame, with room for a record of at most `bytes`: at `index` in the batch, where it is a frame's first. */
  withRoomFor(bytes: number, index: number, topicId: number): BatchFrame {
    const handover = this.#handover;
    if (this.#open !== undefined && !handover.writer.fits(bytes)) this.submit();
    if (this.#open === undefined) {
      handover.begin(bytes, this.submit);
      this.#open = new BatchFrame(index, topicId, this.#memory, this.#frameSettled, this.#frameRefused);
    }
    return this.#open;
  }

  /** A refused record keeps its place in an open frame, so that indexes agree. */
  keepPlace(): void {
    const frame = this.#open;
    if (frame === undefined) return;
    this.#handover.writer.appendRefused(frame.topicId);
    frame.holding.add(frame.topicId, 0, 1);
  }

  submitIfFull(): void {
    const { writer } = this.#handover;
    if (writer.recordCount >= FRAME_RECORDS || writer.byteCount >= FRAME_BYTES) this.submit();
  }

  readonly submit = (): void => {
    const frame = this.#open;
    if (frame === undefined) return;
    this.#open = undefined;
    this.#onTheirWay++;
    this.#handover.submit(frame, frame.packed);
  };

  readonly #frameSettled = (frame: BatchFrame, report: DeliveryReport): void => {
    this.#ends.frameSettled(frame, report);
    this.#frameEnded();
  };

  readonly #frameRefused = (frame: BatchFrame, cause: unknown): void => {
    this.#ends.frameRefused(frame, cause);
    this.#frameEnded();
  };

  #frameEnded(): void {
    this.#onTheirWay--;
    this.#ended();
  }
}
