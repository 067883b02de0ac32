// What became of a batch's records: each refused by itself, or told of by its frame's report.
import { type BatchPart, BatchResult } from '../delivery/batch-result';
import { type DeliveryReport, REFUSED } from '../delivery/delivery-report';
import { recordFailure } from '../delivery/record-failure';
import type { AdmissionWaits } from '../delivery/timeout-stage';
import { BatchError, type RecordError } from '../errors';
import { frameRefused } from './admission-errors';
import type { BatchFrame } from './batch-frame';
import type { BatchRecords } from './batch-records';
import type { Pipeline } from './pipeline';

export class BatchOutcome<K, V> {
  readonly #pipeline: Pipeline<K, V>;
  readonly #records: BatchRecords<K, V>;
  readonly #parts: BatchPart[] = [];
  /** By index. */
  readonly #failures = new Map<number, RecordError>();

  constructor(pipeline: Pipeline<K, V>, records: BatchRecords<K, V>) {
    this.#pipeline = pipeline;
    this.#records = records;
  }

  refuse(index: number, error: RecordError): void {
    this.#pipeline.tally.refused++;
    this.#failures.set(index, error.index === index ? error : error.at(index));
  }

  frameSettled(frame: BatchFrame, report: DeliveryReport): void {
    this.#parts.push({ begin: frame.begin, packedAt: frame.packedAt, report });
  }

  /** The addon took nothing of it. */
  frameRefused(frame: BatchFrame, cause: unknown): void {
    const { nameAt } = this.#records;
    for (let i = 0; i < frame.count; i++) {
      const index = frame.begin + i;
      if (this.#failures.has(index)) continue;
      const error = frameRefused(nameAt(index), index, cause);
      this.#pipeline.tally.countFailure(error.code, error.persisted, this.#records.complete(index));
      this.#failures.set(index, error);
    }
  }

  /** To be asked once, when every record has its fate. */
  conclude(waits: AdmissionWaits): BatchResult | BatchError {
    const { tally } = this.#pipeline;
    const { count, nameAt } = this.#records;
    for (const part of this.#parts) this.#addFailures(part, waits);
    const failures = this.#failures;
    const result = new BatchResult(count, this.#parts, failures, nameAt);
    tally.delivered += result.deliveredCount;
    if (failures.size === 0) return result;
    return new BatchError(
      [...failures.values()].sort((a, b) => a.index - b.index),
      result,
    );
  }

  #addFailures(part: BatchPart, waits: AdmissionWaits): void {
    const { begin, packedAt, report } = part;
    if (report.failedCount === 0) return;
    const { tally, topics, health } = this.#pipeline;
    const { nameAt } = this.#records;
    report.errors.forEach((code, i) => {
      if (code === 0 || code === REFUSED) return;
      const index = begin + i;
      const topicName = nameAt(index);
      const topic = topics.known(topicName);
      const error = recordFailure(report, i, { topicName, topic, index, packedAt, waits }, health);
      tally.countFailure(error.code, error.persisted, this.#records.complete(index));
      this.#failures.set(index, error);
    });
    topics.refreshSoon();
  }
}
