// A single send that cannot go at once: it waits for its serializers, for its topic, then for memory, in that order.
import type { WaitEnd, Waiter } from '../buffer/buffer-memory';
import type { Epoch } from '../delivery/outstanding';
import { type AdmissionWaits, NO_WAITS } from '../delivery/timeout-stage';
import type { RecordError } from '../errors';
import type { Topic } from '../partition/topic';
import type { InOrder } from '../serialize/serialization-order';
import { onAbort } from './abort-signal';
import { aborted, bufferTimeout, serializationTimeout, topicUnknown, waitEnded } from './admission-errors';
import type { CheckedRecord } from './check-record';
import { asRecordError } from './invalid-record';
import { type Pipeline, SINGLE_SEND_OVERHEAD_BYTES } from './pipeline';
import type { OnDelivered, OnFailed, SendExtras, SingleSends } from './single-sends';

export class PendingSend<K, V> implements Waiter, InOrder {
  readonly #pipeline: Pipeline<K, V>;
  readonly #sends: SingleSends<K, V>;
  readonly #record: CheckedRecord;
  #topic: Topic;
  readonly #epoch: Epoch;
  readonly #delivered: OnDelivered;
  readonly #failed: OnFailed;
  readonly #extras: SendExtras | undefined;
  readonly #waits: AdmissionWaits = { ...NO_WAITS };
  #since = 0;
  #leaveOrder: (() => void) | undefined;
  #ignoreSignal: (() => void) | undefined;
  #ended = false;

  constructor(
    pipeline: Pipeline<K, V>,
    sends: SingleSends<K, V>,
    record: CheckedRecord,
    topic: Topic,
    delivered: OnDelivered,
    failed: OnFailed,
    extras: SendExtras | undefined,
  ) {
    this.#pipeline = pipeline;
    this.#sends = sends;
    this.#record = record;
    this.#topic = topic;
    this.#delivered = delivered;
    this.#failed = failed;
    this.#extras = extras;
    this.#epoch = pipeline.outstanding.accept(1);
  }

  start(): void {
    const signal = this.#extras?.signal;
    if (signal !== undefined) this.#ignoreSignal = onAbort(signal, this.#abort);
    const { serializing } = this.#pipeline;
    const { pending } = this.#record;
    if (pending !== undefined || serializing.holds(this.#topic.name)) {
      const ready = pending?.kept.catch((error) => this.#fail(asRecordError(error, 0)));
      this.#since = performance.now();
      this.#leaveOrder = serializing.join([this.#topic.name], ready, this);
    } else {
      this.#awaitTopic();
    }
  }

  // -- in the order of serialization --

  go(): void {
    this.#waits.serializerMs = performance.now() - this.#since;
    if (!this.#stopIfAborted()) this.#awaitTopic();
  }

  giveUp(reason: WaitEnd): void {
    const { name } = this.#topic;
    if (reason !== 'timeout') {
      this.#fail(waitEnded(reason, name, 0));
      return;
    }
    this.#waits.serializerMs = performance.now() - this.#since;
    const field = this.#record.pending?.field ?? 'value';
    this.#fail(serializationTimeout(name, field, 0, this.#pipeline.memory.maxBlockMs, this.#waits));
  }

  #awaitTopic(): void {
    if (this.#ended) return;
    try {
      // Forgotten when it could not be looked up, and asked for anew.
      this.#topic = this.#pipeline.topics.topic(this.#record.topic);
    } catch (error) {
      this.#fail(asRecordError(error, 0));
      return;
    }
    if (this.#topic.ready) {
      this.#awaitMemory();
      return;
    }
    this.#since = performance.now();
    this.#topic.whenReady(this.#onTopic);
  }

  readonly #onTopic = (error: RecordError | undefined): void => {
    if (this.#ended) return;
    this.#waits.metadataMs = performance.now() - this.#since;
    if (this.#stopIfAborted()) return;
    if (error === undefined) this.#awaitMemory();
    else this.#fail(topicUnknown(error, this.#waits));
  };

  #awaitMemory(): void {
    const { memory } = this.#pipeline;
    try {
      this.#sends.prepare(this.#topic, this.#record);
    } catch (error) {
      this.#fail(asRecordError(error, 0));
      return;
    }
    if (memory.tryTake(this.topicId, this.wanted)) {
      this.#pack();
      return;
    }
    this.#since = performance.now();
    memory.wait(this);
  }

  // -- as a waiter for memory --

  get topicId(): number {
    return this.#topic.id;
  }

  get wanted(): number {
    return this.#record.size + SINGLE_SEND_OVERHEAD_BYTES;
  }

  resume(): boolean {
    if (this.#stopIfAborted() || this.#stopIfRefused()) return true;
    if (!this.#pipeline.memory.tryTake(this.topicId, this.wanted, this)) return false;
    this.#waits.bufferMs = performance.now() - this.#since;
    this.#pack();
    return true;
  }

  expire(reason: WaitEnd): void {
    const { name } = this.#topic;
    if (reason !== 'timeout') {
      this.#fail(waitEnded(reason, name, 0));
      return;
    }
    const { memory, health } = this.#pipeline;
    this.#waits.bufferMs = performance.now() - this.#since;
    this.#fail(bufferTimeout(name, 0, memory, this.topicId, this.#waits, health.lastError()));
  }

  // -- its end --

  #pack(): void {
    this.#end();
    this.#sends.pack(
      this.#topic,
      this.#record,
      this.#epoch,
      this.#delivered,
      this.#failed,
      this.#extras,
      this.#waits,
    );
  }

  #fail(error: RecordError): void {
    if (this.#ended) return;
    this.#end();
    const { tally, outstanding } = this.#pipeline;
    tally.refused++;
    this.#failed(error);
    outstanding.settle(this.#epoch, 1);
  }

  #end(): void {
    this.#ended = true;
    this.#ignoreSignal?.();
  }

  readonly #abort = (): void => {
    if (this.#ended) return;
    const { topics, memory } = this.#pipeline;
    topics.forgetWaiter(this.#onTopic);
    memory.forget(this);
    this.#stopIfAborted();
    this.#leaveOrder?.();
  };

  /** Its topic may have grown while it waited. */
  #stopIfRefused(): boolean {
    const { refusal } = this.#topic;
    if (refusal === undefined || this.#record.isPlaced) return false;
    this.#fail(asRecordError(refusal, 0));
    return true;
  }

  /** What still waits when the signal fires is not sent, whoever comes to see it first. */
  #stopIfAborted(): boolean {
    const signal = this.#extras?.signal;
    if (signal?.aborted !== true) return false;
    this.#fail(aborted(this.#topic.name, 0, signal));
    return true;
  }
}
