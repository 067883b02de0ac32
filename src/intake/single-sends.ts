// Single sends: those made in the same turn of the event loop share a frame.
import type { Epoch } from '../delivery/outstanding';
import type { RecordMetadata } from '../delivery/record-metadata';
import type { AdmissionWaits } from '../delivery/timeout-stage';
import type { RecordError } from '../errors';
import { choosePartition } from '../partition/choose-partition';
import type { Topic } from '../partition/topic';
import { aborted, largerThanBuffer } from './admission-errors';
import { type CheckedRecord, checkRecord, upperBoundOf } from './check-record';
import { asRecordError, topicOf } from './invalid-record';
import { PendingSend } from './pending-send';
import { FRAME_BYTES, type Pipeline, SINGLE_SEND_OVERHEAD_BYTES } from './pipeline';
import type { ProducerRecord } from './record';
import { SingleSendFrame } from './single-send-frame';

/** Few: a frame's promises resolve together, and librdkafka works on the first frames while the rest is packed. */
const SINGLE_SEND_FRAME_RECORDS = 128;

export type OnDelivered = (metadata: RecordMetadata) => void;
export type OnFailed = (error: RecordError) => void;

/** What only some callers want of a send. */
export interface SendExtras {
  /** The record is in the buffer. */
  accepted?: () => void;
  /** Ends the wait for that. */
  signal?: AbortSignal;
}

/** A function of its own, since it has a closure, whose context V8 would make for each send. */
function abortedBefore(record: ProducerRecord<unknown, unknown>, signal: AbortSignal): RecordError {
  return aborted(
    topicOf(() => record),
    0,
    signal,
  );
}

export class SingleSends<K, V> {
  readonly #pipeline: Pipeline<K, V>;
  #open: SingleSendFrame<K, V> | undefined;
  /** Of the frame submitted last: how many the next will have is not known, but callers come back. */
  #recordsOfLast = 1;
  readonly #flush = () => this.flush();

  constructor(pipeline: Pipeline<K, V>) {
    this.#pipeline = pipeline;
  }

  /** Exactly one of both is called, never within this call. @throws RecordError for a record that cannot be produced */
  send(record: ProducerRecord<K, V>, delivered: OnDelivered, failed: OnFailed, extras?: SendExtras): void {
    const { rules, topics, memory, outstanding, serializing } = this.#pipeline;
    const signal = extras?.signal;
    let checked: CheckedRecord;
    let topic: Topic;
    try {
      if (signal?.aborted) throw abortedBefore(record, signal);
      checked = checkRecord(record, 0, rules);
      topic = topics.topic(checked.topic);
      if (checked.pending === undefined && topic.ready && !serializing.holds(topic.name)) {
        this.prepare(topic, checked);
        const bytes = checked.size + SINGLE_SEND_OVERHEAD_BYTES;
        if (memory.tryTake(topic.id, bytes)) {
          this.pack(topic, checked, outstanding.accept(1), delivered, failed, extras);
          return;
        }
      }
    } catch (error) {
      this.#pipeline.tally.refused++;
      throw asRecordError(error, 0);
    }
    new PendingSend(this.#pipeline, this, checked, topic, delivered, failed, extras).start();
  }

  /** The last look at a record before it may wait for memory. @throws RecordError */
  prepare(topic: Topic, record: CheckedRecord): void {
    const bytes = record.size + SINGLE_SEND_OVERHEAD_BYTES;
    const { memory } = this.#pipeline;
    if (!memory.canEverTake(bytes)) throw largerThanBuffer(record, 0, bytes, memory.total);
    if (record.isPlaced) return;
    if (topic.refusal !== undefined) throw topic.refusal;
    // Once, however often the record is looked at.
    if (topic.partitioner !== undefined && record.partition === -1) {
      record.partition = choosePartition(topic.partitioner, record, topic, 0);
    }
  }

  /** Hands the open frame over, if there is one. */
  flush(): void {
    const frame = this.#open;
    if (frame === undefined) return;
    this.#open = undefined;
    const { handover } = this.#pipeline;
    this.#recordsOfLast = handover.writer.recordCount;
    handover.submit(frame, frame.packed);
  }

  /** Packs a record whose memory has been taken. */
  pack(
    topic: Topic,
    record: CheckedRecord,
    epoch: Epoch,
    delivered: OnDelivered,
    failed: OnFailed,
    extras: SendExtras | undefined,
    waits?: AdmissionWaits,
  ): void {
    const { memory, handover, tally, outstanding } = this.#pipeline;
    const { writer } = handover;
    const bytes = record.size + SINGLE_SEND_OVERHEAD_BYTES;
    let frame: SingleSendFrame<K, V>;
    try {
      frame = this.#append(topic, record, epoch);
    } catch (error) {
      // A buffer that was transferred to another thread while the record waited, a getter that sends, no memory for a frame.
      tally.refused++;
      memory.release([topic.id], [bytes]);
      // Callbacks are never called within the send.
      queueMicrotask(() => {
        failed(asRecordError(error, 0));
        outstanding.settle(epoch, 1);
      });
      return;
    }
    frame.add(topic, record.original, bytes, delivered, failed, waits);
    tally.accepted++;
    extras?.accepted?.();
    if (writer.recordCount >= SINGLE_SEND_FRAME_RECORDS || writer.byteCount >= FRAME_BYTES) this.flush();
  }

  /** Writes a record into the open frame, or a new one, and returns that. */
  #append(topic: Topic, record: CheckedRecord, epoch: Epoch): SingleSendFrame<K, V> {
    const { handover, outstanding } = this.#pipeline;
    const { writer } = handover;
    const bound = upperBoundOf(record);
    writer.ensureFree();
    let frame = this.#open;
    // A frame is told of as a whole as long as it is young: nobody is to wait for a topic that is known to lag.
    if (frame !== undefined && (frame.epoch !== epoch || frame.lags !== topic.lags || !writer.fits(bound))) {
      this.flush();
      frame = undefined;
    }
    if (frame === undefined) {
      frame = new SingleSendFrame(this.#pipeline, epoch, topic.lags, this.#recordsOfLast);
      handover.begin(bound, this.#flush);
      this.#open = frame;
      // As Nagle's algorithm has it: nothing is gained by waiting for company when nothing else is on its way.
      if (outstanding.total === 1) queueMicrotask(this.#flush);
      else setImmediate(this.#flush);
    }
    writer.appendRecord(topic.id, record);
    return frame;
  }
}
