// Gives packed frames to the addon and its reports back to whoever packed them.
import type { NativeClient } from '../addon';
import { abandonedReport, DeliveryReport } from '../delivery/delivery-report';
import { FrameWriter } from '../serialize/frame-writer';

/** Who wants to know of a frame's end. No call may throw. */
export interface FrameOwner {
  /** Every record's fate. The memory may be given back. */
  settled(report: DeliveryReport): void;
  /** The fate of some records, the others being IN_FLIGHT still. Some may have been told of before. */
  partly(report: DeliveryReport): void;
  /** The fate of all, as far as callers are concerned: their time is over. `settled` follows for the memory. */
  givenUp(report: DeliveryReport): void;
  /** The addon refused the frame as a whole: none of its records will be reported. */
  refused(cause: unknown): void;
}

export class FrameHandover {
  readonly writer = new FrameWriter();
  readonly #client: NativeClient;
  // Owners by frame id; ids of settled frames are used again.
  readonly #owners: (FrameOwner | undefined)[] = [];
  readonly #recordCounts: number[] = [];
  readonly #freeIds: number[] = [];
  /** Submits the frame that is open in the writer. */
  #submitOpen: (() => void) | undefined;

  constructor(client: NativeClient) {
    this.#client = client;
  }

  /**
   * Begins a frame that can take a record of `bytes` (an upper bound). The writer has one frame at a time: what
   * somebody else has open there is submitted first, by the function given when it was begun.
   */
  begin(bytes: number, submit: () => void): void {
    // Where it is refused, memory that it gives back lets another begin.
    for (let open = this.#submitOpen; open !== undefined; open = this.#submitOpen) {
      this.#submitOpen = undefined;
      open();
    }
    this.#submitOpen = submit;
    this.writer.begin(bytes);
  }

  /** Gives up the frame that was begun. */
  cancel(): void {
    this.#submitOpen = undefined;
    this.writer.finish();
    this.writer.end(false);
  }

  /** Submits what the writer holds. `packed` is told the frame's exact size before any outcome. */
  submit(owner: FrameOwner, packed: (bytes: number, records: number) => void): void {
    const { writer } = this;
    this.#submitOpen = undefined;
    const id = this.#freeIds.pop() ?? this.#owners.length;
    this.#owners[id] = owner;
    this.#recordCounts[id] = writer.recordCount;
    const bytes = writer.finish();
    packed(bytes, writer.recordCount);
    let keepBytes = false;
    let refusal: { cause: unknown } | undefined;
    try {
      keepBytes =
        this.#client.submit(
          id,
          writer.recordCount,
          writer.words,
          writer.wordCount,
          writer.memory.chunk.handle,
          writer.start,
          bytes,
        ) === 1;
    } catch (cause) {
      refusal = { cause };
    }
    writer.end(keepBytes);
    // Last: memory given back lets others pack at once.
    if (refusal !== undefined) this.#take(id).refused(refusal.cause);
  }

  /** The addon's callback. */
  deliver(buffer: ArrayBuffer, frames: number, details: [number, number, string][] | undefined): void {
    for (let i = 0, at = 0; i < frames; i++) {
      const report = new DeliveryReport(buffer, at);
      at = report.end;
      if (details !== undefined) {
        const own = details.filter(([frame]) => frame === report.frame);
        if (own.length > 0) report.details = new Map(own.map(([, index, text]) => [index, text]));
      }
      const owner = this.#owners[report.frame];
      if (owner === undefined) continue; // it was abandoned
      if (report.kind === 'settled') this.#take(report.frame).settled(report);
      else if (report.kind === 'partly') owner.partly(report);
      else owner.givenUp(report);
    }
  }

  /** Tells every owner that its records' outcomes will not be known here. What the addon still reports of them is passed over. */
  abandon(): void {
    this.#owners.forEach((owner, id) => {
      if (owner !== undefined) this.#take(id).settled(abandonedReport(id, this.#recordCounts[id]));
    });
  }

  /** Tells owners of frames that take long what is known of them, and ends those whose time is over. */
  lookAtOverdue(partlyAfterMs: number, giveUpAfterMs: number): void {
    if (this.#owners.length === this.#freeIds.length) return;
    const overdue = this.#client.reportOverdue(partlyAfterMs, giveUpAfterMs);
    if (overdue !== undefined) this.deliver(overdue[0], overdue[1], undefined);
  }

  #take(id: number): FrameOwner {
    const owner = this.#owners[id] as FrameOwner;
    this.#owners[id] = undefined;
    this.#freeIds.push(id);
    return owner;
  }
}
