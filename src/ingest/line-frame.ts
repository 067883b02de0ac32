// A stretch of lines that travels in one frame: what is counted for it, and which of its lines are told of as rejects.
import type { DeliveryReport } from '../delivery/delivery-report';
import type { Epoch } from '../delivery/outstanding';
import { recordFailure } from '../delivery/record-failure';
import type { RecordError } from '../errors';
import type { FrameOwner } from '../handover/frame-handover';
import { frameRefused } from '../intake/admission-errors';
import { type Pipeline, RECORD_OVERHEAD_BYTES } from '../intake/pipeline';
import type { BytesLike } from '../intake/record';
import type { Topic } from '../partition/topic';
import { describeFailure } from './batch-lane';
import type { IngestReject } from './ingest-options';
import { LineCursor } from './line-splitter';
import type { ProgressLedger, Stretch } from './progress-ledger';

export class LineFrame implements FrameOwner {
  /** Of each record: where its line begins in the run. */
  #starts!: Int32Array;
  readonly rejects: IngestReject[] = [];
  count = 0;
  valueBytes = 0;
  #stretch!: Stretch;
  #epoch!: Epoch;
  #failed = 0;
  #givenUp = false;
  readonly packedAt = performance.now();
  /** The number of the line at `#countedTo`. */
  #line: number;
  #countedTo: number;

  constructor(
    readonly pipeline: Pipeline<BytesLike, BytesLike>,
    readonly topic: Topic,
    readonly ledger: ProgressLedger,
    readonly run: Buffer,
    readonly begin: number,
    readonly offset: number,
    firstLine: number,
    private admitted: number,
  ) {
    this.#line = firstLine;
    this.#countedTo = begin;
  }

  /** @param starts the lane's, for the next frame to use */
  begun(end: number, count: number, starts: Int32Array): void {
    this.count = count;
    this.#starts = starts.slice(0, count);
    if (count > 0) this.#epoch = this.pipeline.outstanding.accept(count);
    this.pipeline.tally.accepted += count;
    this.ledger.report.records += count;
    this.#stretch = this.ledger.begin(this.offset + end);
  }

  readonly packed = (bytes: number, records: number): void => {
    const exact = bytes + records * RECORD_OVERHEAD_BYTES;
    this.pipeline.memory.adjust(this.topic.id, exact - this.admitted);
    this.admitted = exact;
  };

  /** Every line of it was skipped or rejected. */
  nothing(): void {
    this.pipeline.memory.release([this.topic.id], [this.admitted]);
    this.ledger.conclude(this.#stretch, this.rejects);
  }

  settled(report: DeliveryReport): void {
    if (!this.#givenUp) this.#tell(report);
    this.pipeline.memory.release([this.topic.id], [this.admitted], [report.failedCount > 0]);
  }

  /** A stretch is told of as a whole. */
  partly(): void {}

  givenUp(report: DeliveryReport): void {
    this.#givenUp = true;
    this.#tell(report);
  }

  #tell(report: DeliveryReport): void {
    if (report.failedCount > 0) {
      const record = { topicName: this.topic.name, topic: this.topic, index: 0, packedAt: this.packedAt };
      report.errors.forEach((code, i) => {
        if (code !== 0) this.#reject(i, recordFailure(report, i, record, this.pipeline.health));
      });
      this.pipeline.topics.refreshSoon();
    }
    this.#end();
  }

  refused(cause: unknown): void {
    for (let i = 0; i < this.count; i++) this.#reject(i, frameRefused(this.topic.name, 0, cause));
    this.#end();
    this.pipeline.memory.release([this.topic.id], [this.admitted], [true]);
  }

  /** In the order of the records. */
  #reject(index: number, error: RecordError): void {
    const start = this.#starts[index];
    const { run } = this;
    for (let at = run.indexOf(10, this.#countedTo); at !== -1 && at < start; at = run.indexOf(10, at + 1)) {
      this.#line++;
    }
    this.#countedTo = start;
    const data = Buffer.from(LineCursor.on(run, start).line());
    this.rejects.push({ line: this.#line, offset: this.offset + start, ...describeFailure(error), data });
    this.valueBytes -= data.length;
    this.pipeline.tally.countFailure(error.code, error.persisted, { topic: this.topic.name, value: data });
    this.#failed++;
  }

  #end(): void {
    const { outstanding, tally } = this.pipeline;
    const delivered = this.count - this.#failed;
    tally.delivered += delivered;
    this.ledger.countDelivered(delivered, this.valueBytes);
    this.ledger.conclude(this.#stretch, this.rejects);
    outstanding.settle(this.#epoch, this.count);
  }
}
