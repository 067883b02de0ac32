// One frame of single sends: whose they are, and what it holds of the buffer's memory.
import { Holding } from '../buffer/holding';
import { type DeliveryReport, IN_FLIGHT } from '../delivery/delivery-report';
import type { Epoch } from '../delivery/outstanding';
import { recordFailure } from '../delivery/record-failure';
import { RecordMetadata, TIMESTAMP_TYPES } from '../delivery/record-metadata';
import type { AdmissionWaits } from '../delivery/timeout-stage';
import type { FrameOwner } from '../handover/frame-handover';
import type { Topic } from '../partition/topic';
import { frameRefused } from './admission-errors';
import { type Pipeline, SINGLE_SEND_OVERHEAD_BYTES } from './pipeline';
import type { ProducerRecord } from './record';
import type { OnDelivered, OnFailed } from './single-sends';

export class SingleSendFrame<K, V> implements FrameOwner {
  readonly epoch: Epoch;
  /** Whether its records' topics lag: all of them or none. */
  readonly lags: boolean;
  readonly #pipeline: Pipeline<K, V>;
  readonly #packedAt = performance.now();
  // By record. They may have more places than records.
  readonly #topics: Topic[];
  readonly #records: ProducerRecord<unknown, unknown>[];
  readonly #delivered: OnDelivered[];
  readonly #failed: OnFailed[];
  #count = 0;
  /** Of those that waited at all. */
  #waits: Map<number, AdmissionWaits> | undefined;
  /** Those that have been told before the frame was settled. */
  #told: boolean[] | undefined;
  #toldCount = 0;
  readonly #holding: Holding;

  /** @param expected about how many records it will have: lists that grow are copied four times until 128 */
  constructor(pipeline: Pipeline<K, V>, epoch: Epoch, lags: boolean, expected: number) {
    this.#topics = new Array(expected);
    this.#records = new Array(expected);
    this.#delivered = new Array(expected);
    this.#failed = new Array(expected);
    this.#pipeline = pipeline;
    this.epoch = epoch;
    this.lags = lags;
    this.#holding = new Holding(pipeline.memory);
  }

  add(
    topic: Topic,
    record: ProducerRecord<unknown, unknown>,
    bytes: number,
    delivered: OnDelivered,
    failed: OnFailed,
    waits: AdmissionWaits | undefined,
  ): void {
    const i = this.#count++;
    if (waits !== undefined) {
      this.#waits ??= new Map();
      this.#waits.set(i, waits);
    }
    this.#topics[i] = topic;
    this.#records[i] = record;
    this.#delivered[i] = delivered;
    this.#failed[i] = failed;
    this.#holding.add(topic.id, bytes, 1);
  }

  /** Admission counted characters; now the bytes are known. */
  readonly packed = (bytes: number, records: number): void => {
    this.#holding.correct(bytes + records * SINGLE_SEND_OVERHEAD_BYTES);
  };

  settled(report: DeliveryReport): void {
    if (this.lags || this.#told !== undefined) this.#noteWhoLags(report);
    this.#tell(report);
    this.#holding.release(report);
  }

  partly(report: DeliveryReport): void {
    this.#noteWhoLags(report);
    this.givenUp(report);
    this.#holding.releaseSettled(report.errors);
  }

  givenUp(report: DeliveryReport): void {
    this.#told ??= new Array<boolean>(report.count).fill(false);
    this.#tell(report);
  }

  refused(cause: unknown): void {
    const { outstanding, tally } = this.#pipeline;
    const errors = Array.from({ length: this.#count }, (_, i) => {
      const error = frameRefused(this.#topics[i].name, 0, cause);
      tally.countFailure(error.code, error.persisted, this.#records[i]);
      return error;
    });
    this.#holding.releaseUnsent();
    // Never within the call that fills the frame.
    queueMicrotask(() => {
      for (const [i, error] of errors.entries()) this.#failed[i](error);
      outstanding.settle(this.epoch, this.#count);
    });
  }

  #tell(report: DeliveryReport): void {
    const { count, offsets, timestamps, partitions, timestampTypes } = report;
    if (this.#toldCount === count) return;
    const { outstanding, tally, topics } = this.#pipeline;
    const told = this.#told;
    const errors = report.failedCount > 0 || report.kind !== 'settled' ? report.errors : undefined;
    let failed = 0;
    let now = 0;
    for (let i = 0; i < count; i++) {
      if (told !== undefined) {
        if (told[i] || errors?.[i] === IN_FLIGHT) continue;
        told[i] = true;
      }
      now++;
      if (errors !== undefined && errors[i] !== 0) {
        failed++;
        this.#fail(report, i);
        continue;
      }
      this.#delivered[i](
        new RecordMetadata(
          this.#topics[i].name,
          partitions[i],
          offsets[i],
          timestamps[i],
          TIMESTAMP_TYPES[timestampTypes[i]],
        ),
      );
    }
    this.#toldCount += now;
    tally.delivered += now - failed;
    if (failed > 0) topics.refreshSoon();
    outstanding.settle(this.epoch, now);
  }

  #noteWhoLags({ errors }: DeliveryReport): void {
    errors.forEach((code, i) => {
      if (code === 0) this.#topics[i].lags = false;
    });
    errors.forEach((code, i) => {
      if (code === IN_FLIGHT) this.#topics[i].lags = true;
    });
  }

  #fail(report: DeliveryReport, i: number): void {
    const { health, tally } = this.#pipeline;
    const topic = this.#topics[i];
    const error = recordFailure(
      report,
      i,
      {
        topicName: topic.name,
        topic,
        index: 0,
        packedAt: this.#packedAt,
        waits: this.#waits?.get(i),
      },
      health,
    );
    tally.countFailure(error.code, error.persisted, this.#records[i]);
    this.#failed[i](error);
  }
}
