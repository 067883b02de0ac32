// Single sends: those made in the same turn of the event loop share a frame.
import type { Waiter } from '../buffer/buffer-memory';
import type { DeliveryReport } from '../delivery/delivery-report';
import type { Epoch } from '../delivery/outstanding';
import { recordFailure } from '../delivery/record-failure';
import { RecordMetadata, TIMESTAMP_TYPES } from '../delivery/record-metadata';
import type { RecordError } from '../errors';
import type { FrameOwner } from '../handover/frame-handover';
import type { Topic } from '../partition/topic-directory';
import { bufferTimeout, closedBeforeSent, frameRefused, largerThanBuffer } from './admission-errors';
import { asRecordError, type CheckedRecord, checkRecord, upperBoundOf } from './check-record';
import { FRAME_BYTES, type Pipeline, SINGLE_SEND_OVERHEAD_BYTES } from './pipeline';
import type { ProducerRecord } from './record';

/** Few: a frame's promises resolve together, and librdkafka works on the first frames while the rest is packed. */
const SINGLE_SEND_FRAME_RECORDS = 64;

type Resolve = (metadata: RecordMetadata) => void;
type Reject = (error: RecordError) => void;

export class SingleSends<K, V> {
  readonly #pipeline: Pipeline<K, V>;
  #open: SingleSendFrame<K, V> | undefined;
  readonly #flush = () => this.flush();

  constructor(pipeline: Pipeline<K, V>) {
    this.#pipeline = pipeline;
  }

  send(record: ProducerRecord<K, V>): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      const { rules, topics, memory, outstanding } = this.#pipeline;
      let checked: CheckedRecord;
      try {
        checked = checkRecord(record, 0, rules);
      } catch (error) {
        throw asRecordError(error, 0);
      }
      const bytes = checked.size + SINGLE_SEND_OVERHEAD_BYTES;
      if (!memory.canEverTake(bytes)) throw largerThanBuffer(checked, 0, bytes, memory.capacity);
      const topic = topics.topic(checked.topic);
      const epoch = outstanding.accept(1);
      if (topic.ready) {
        this.#admit(topic, checked, bytes, epoch, resolve, reject);
        return;
      }
      topic.whenReady((error) => {
        if (error === undefined) this.#admit(topic, checked, bytes, epoch, resolve, reject);
        else this.#fail(error, epoch, reject);
      });
    });
  }

  /** Hands the open frame over, if there is one. */
  flush(): void {
    const frame = this.#open;
    if (frame === undefined) return;
    this.#open = undefined;
    this.#pipeline.handover.submit(frame, frame.packed);
  }

  #admit(
    topic: Topic,
    record: CheckedRecord,
    bytes: number,
    epoch: Epoch,
    resolve: Resolve,
    reject: Reject,
  ): void {
    const { memory } = this.#pipeline;
    if (memory.tryTake(bytes)) {
      this.#pack(topic, record, bytes, epoch, resolve, reject);
      return;
    }
    const waiter: Waiter = {
      wanted: bytes,
      resume: () => {
        if (!memory.takeInTurn(bytes)) return false;
        this.#pack(topic, record, bytes, epoch, resolve, reject);
        return true;
      },
      expire: (reason) => {
        const error =
          reason === 'timeout' ? bufferTimeout(topic.name, 0, memory) : closedBeforeSent(topic.name, 0);
        this.#fail(error, epoch, reject);
      },
    };
    memory.wait(waiter);
  }

  #pack(
    topic: Topic,
    record: CheckedRecord,
    bytes: number,
    epoch: Epoch,
    resolve: Resolve,
    reject: Reject,
  ): void {
    const { memory, handover } = this.#pipeline;
    const { writer } = handover;
    let bound: number;
    try {
      bound = upperBoundOf(record);
    } catch (error) {
      // A buffer that was transferred to another thread while the record waited.
      this.#fail(asRecordError(error, 0), epoch, reject);
      memory.release(bytes);
      return;
    }
    let frame = this.#open;
    if (frame !== undefined && (frame.epoch !== epoch || !writer.fits(bound))) {
      this.flush();
      frame = undefined;
    }
    if (frame === undefined) {
      frame = new SingleSendFrame(this.#pipeline, epoch);
      handover.begin(bound, this.#flush);
      this.#open = frame;
      setImmediate(this.#flush);
    }
    const { key, value, partition, timestamp, headers } = record;
    if (timestamp === undefined && headers.length === 0) writer.append(topic.id, partition, key, value);
    else writer.appendExtended(topic.id, partition, key, value, timestamp, headers);
    frame.add(topic.name, bytes, resolve, reject);
    if (writer.recordCount >= SINGLE_SEND_FRAME_RECORDS || writer.byteCount >= FRAME_BYTES) this.flush();
  }

  #fail(error: RecordError, epoch: Epoch, reject: Reject): void {
    const { tally, outstanding } = this.#pipeline;
    tally.failed++;
    reject(error);
    outstanding.settle(epoch, 1);
  }
}

class SingleSendFrame<K, V> implements FrameOwner {
  readonly epoch: Epoch;
  readonly #pipeline: Pipeline<K, V>;
  readonly #topics: string[] = [];
  readonly #resolves: Resolve[] = [];
  readonly #rejects: Reject[] = [];
  #bytes = 0;

  constructor(pipeline: Pipeline<K, V>, epoch: Epoch) {
    this.#pipeline = pipeline;
    this.epoch = epoch;
  }

  add(topic: string, bytes: number, resolve: Resolve, reject: Reject): void {
    this.#topics.push(topic);
    this.#resolves.push(resolve);
    this.#rejects.push(reject);
    this.#bytes += bytes;
  }

  /** Admission counted characters; now the bytes are known. */
  readonly packed = (bytes: number, records: number): void => {
    const exact = bytes + records * SINGLE_SEND_OVERHEAD_BYTES;
    this.#pipeline.memory.adjust(exact - this.#bytes);
    this.#bytes = exact;
  };

  settled(report: DeliveryReport): void {
    const { count } = report;
    const { offsets, timestamps, partitions, timestampTypes } = report;
    const errors = report.failedCount > 0 ? report.errors : undefined;
    for (let i = 0; i < count; i++) {
      if (errors !== undefined && errors[i] !== 0) {
        this.#rejects[i](recordFailure(report, i, this.#topics[i], 0, this.#pipeline.lastBrokerError));
        continue;
      }
      this.#resolves[i](
        new RecordMetadata(
          this.#topics[i],
          partitions[i],
          offsets[i],
          timestamps[i],
          TIMESTAMP_TYPES[timestampTypes[i]],
        ),
      );
    }
    this.#end(count, report.failedCount);
  }

  refused(cause: unknown): void {
    this.#rejects.forEach((reject, i) => {
      reject(frameRefused(this.#topics[i], 0, cause));
    });
    this.#end(this.#rejects.length, this.#rejects.length);
  }

  #end(count: number, failed: number): void {
    const { memory, outstanding, tally, topics } = this.#pipeline;
    tally.delivered += count - failed;
    tally.failed += failed;
    if (failed > 0) topics.refreshSoon();
    outstanding.settle(this.epoch, count);
    memory.release(this.#bytes);
  }
}
