// One sendBatch call: packs its records into frames as memory and topics allow.
//
// The records are read in order, each once. Where one cannot go on (its topic's partitions are not known yet, the
// buffer is full) the batch waits there, and what is behind it waits too. When it has waited for memory long enough, it
// goes through the rest without waiting: other topics may have room.
import type { WaitEnd, Waiter } from '../buffer/buffer-memory';
import type { BatchResult } from '../delivery/batch-result';
import type { Epoch } from '../delivery/outstanding';
import { type AdmissionWaits, NO_WAITS } from '../delivery/timeout-stage';
import { BatchError, type RecordError } from '../errors';
import { choosePartition } from '../partition/choose-partition';
import type { Topic } from '../partition/topic';
import { packDecorated } from '../serialize/decorated-records';
import type { InOrder } from '../serialize/serialization-order';
import { packUsual } from '../serialize/usual-records';
import { onAbort } from './abort-signal';
import {
  aborted,
  bufferTimeout,
  largerThanBuffer,
  serializationTimeout,
  topicUnknown,
  waitEnded,
} from './admission-errors';
import { BatchFrames } from './batch-frames';
import { BatchOutcome } from './batch-outcome';
import { BatchRecords } from './batch-records';
import { type CheckedRecord, upperBoundOf, WIRE_OVERHEAD_BYTES } from './check-record';
import { asRecordError } from './invalid-record';
import { FRAME_BYTES, FRAME_RECORDS, type Pipeline, RECORD_OVERHEAD_BYTES } from './pipeline';
import type { BatchRecord } from './record';
import { SerializedAhead } from './serialized-ahead';
import type { SendExtras } from './single-sends';
import { isTopicName } from './topic-name';

export interface BatchExtras extends SendExtras {
  /** Of records that name none. */
  topic?: string;
}

type Progress = 'packed' | 'full' | 'waiting';

export class BatchSend<K, V> implements Waiter, InOrder {
  readonly #pipeline: Pipeline<K, V>;
  readonly #records: BatchRecords<K, V>;
  readonly #count: number;
  readonly #outcome: BatchOutcome<K, V>;
  readonly #frames: BatchFrames;
  readonly #serialized: SerializedAhead<K, V>;
  readonly #epoch: Epoch;
  readonly #resolve: (result: BatchResult) => void;
  readonly #reject: (error: BatchError) => void;
  readonly #extras: BatchExtras | undefined;
  /** Whether the usual topic's records need no closer look: no code of the caller's has to see them. */
  #plain = false;

  /** The next record to be packed. */
  #next = 0;
  /** What it was when it was read, while it waits. */
  #held: CheckedRecord | undefined;
  #topic: Topic | undefined;
  /** Topics that could not be looked up: their other records in this batch need not wait as long again. */
  readonly #unknownTopics = new Map<string, RecordError>();
  #lookedAhead = false;
  readonly #waits: AdmissionWaits = { ...NO_WAITS };
  #waitingSince = 0;
  /** Its turn has come after a wait for memory. */
  #served = false;
  /** It has waited for memory as long as a send may: what finds none now is refused. */
  #outOfTime = false;
  #forgetTopic: (() => void) | undefined;
  #leaveOrder: (() => void) | undefined;
  #ignoreSignal: (() => void) | undefined;
  #accepted = false;
  #finished = false;

  /** @throws RecordError INVALID_RECORD for what is no array */
  constructor(
    pipeline: Pipeline<K, V>,
    records: readonly BatchRecord<K, V>[],
    resolve: (result: BatchResult) => void,
    reject: (error: BatchError) => void,
    extras?: BatchExtras,
  ) {
    this.#pipeline = pipeline;
    this.#records = new BatchRecords(records, extras?.topic);
    this.#count = this.#records.count;
    this.#outcome = new BatchOutcome(pipeline, this.#records);
    this.#frames = new BatchFrames(pipeline.memory, pipeline.handover, this.#outcome, this.#finishIfSettled);
    this.#serialized = new SerializedAhead(this.#records, pipeline.rules);
    this.#extras = extras;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#epoch = pipeline.outstanding.accept(this.#count);
  }

  start(): void {
    const signal = this.#extras?.signal;
    if (signal !== undefined) {
      this.#ignoreSignal = onAbort(signal, this.#abort);
      if (signal.aborted) return;
    }
    const { serializing } = this.#pipeline;
    if (serializing.busy && this.#records.topicsFrom(0).some((topic) => serializing.holds(topic))) {
      this.#serializeRest();
    } else {
      this.#goOn();
    }
  }

  #goOn(): void {
    if (this.#pack() === 'full') this.#waitForMemory();
  }

  // -- as a waiter for memory --

  /** Of the record at hand: there is one whenever the buffer is full. */
  get topicId(): number {
    return (this.#topic as Topic).id;
  }

  /** An eighth of what one topic may have, or what is left: pieces worth a frame. */
  get wanted(): number {
    const next = (this.#held?.size ?? 0) + RECORD_OVERHEAD_BYTES;
    return Math.max(
      next,
      Math.min(this.#pipeline.memory.limitOf(this.topicId) / 8, (this.#count - this.#next) * next),
    );
  }

  resume(): boolean {
    const { topicId } = this;
    this.#served = true;
    const progress = this.#pack();
    this.#served = false;
    if (progress === 'full' && this.topicId === topicId) return false;
    this.#waits.bufferMs += performance.now() - this.#waitingSince;
    // It may have come to records of another topic: behind those who wait for that one.
    if (progress === 'full') this.#waitForMemory();
    return true;
  }

  expire(reason: WaitEnd): void {
    if (reason === 'timeout') {
      this.#outOfTime = true;
      this.#waits.bufferMs += performance.now() - this.#waitingSince;
      this.#goOn();
      return;
    }
    this.#refuseRest((topic, index) => waitEnded(reason, topic, index));
  }

  #waitForMemory(): void {
    this.#waitingSince = performance.now();
    this.#pipeline.memory.wait(this);
  }

  /** Refuses what has not been packed. */
  #refuseRest(error: (topic: string, index: number) => RecordError): void {
    this.#serialized.forget();
    while (this.#next < this.#count) {
      this.#refuse(error(this.#held?.topic ?? this.#records.topicOf(this.#next), this.#next));
    }
    this.#frames.submit();
    this.#finishIfSettled();
  }

  readonly #abort = (): void => {
    if (this.#accepted) return;
    this.#pipeline.memory.forget(this);
    this.#forgetTopic?.();
    this.#stopIfAborted();
    this.#leaveOrder?.();
  };

  /** What is not packed yet when the signal fires is not sent, whoever comes to see it first. */
  #stopIfAborted(): boolean {
    const signal = this.#extras?.signal;
    if (signal?.aborted !== true) return false;
    this.#refuseRest((topic, index) => aborted(topic, index, signal));
    return true;
  }

  // -- in the order of serialization --

  go(): void {
    this.#waits.serializerMs += performance.now() - this.#waitingSince;
    if (this.#next < this.#count) this.#goOn();
  }

  giveUp(reason: WaitEnd): void {
    if (reason === 'timeout') this.#giveUpPending();
    else this.#refuseRest((topic, index) => waitEnded(reason, topic, index));
  }

  #giveUpPending(): void {
    const { maxBlockMs } = this.#pipeline.memory;
    const serializerMs = this.#waits.serializerMs + performance.now() - this.#waitingSince;
    const waits = { ...this.#waits, serializerMs };
    this.#serialized.giveUpPending((topic, field, index) =>
      serializationTimeout(topic, field, index, maxBlockMs, waits),
    );
  }

  // -- packing --

  /** Packs on from the next record. 'waiting': for a topic, which will call back. */
  #pack(): Progress {
    let progress: Progress = 'packed';
    while (this.#next < this.#count && progress === 'packed') {
      if (this.#stopIfAborted() || this.#packUsual()) continue;
      try {
        progress = this.#packNext();
      } catch (error) {
        this.#refuse(asRecordError(error, this.#next));
      }
    }
    this.#frames.submit();
    this.#finishIfSettled();
    return progress;
  }

  #packNext(): Progress {
    if (this.#held !== undefined) return this.#packHeld(this.#held);
    const record = this.#serialized.at(this.#next) ?? this.#records.check(this.#next, this.#pipeline.rules);
    if (record.pending !== undefined) {
      this.#serializeRest(record);
      return 'waiting';
    }
    this.#held = record;
    return this.#packHeld(record);
  }

  /** Has all other records serialized as well, so that their promises are kept side by side. */
  #serializeRest(first?: CheckedRecord): void {
    const serialized = this.#serialized.serializeFrom(this.#next, first);
    this.#waitingSince = performance.now();
    const topics = this.#records.topicsFrom(this.#next);
    this.#leaveOrder = this.#pipeline.serializing.join(topics, serialized, this);
  }

  /** Packs what needs no closer look, as far as it goes. False when the next record does. */
  #packUsual(): boolean {
    const frame = this.#frames.open;
    const topic = this.#topic;
    if (!this.#plain || this.#held !== undefined || frame === undefined || topic?.ready !== true)
      return false;
    if (topic.refusal !== undefined || this.#serialized.any) return false;
    const { memory, handover, rules } = this.#pipeline;
    const { writer } = handover;
    const range = {
      records: this.#records.all,
      from: this.#next,
      to: this.#count,
      topic: topic.name,
      topicId: topic.id,
      defaultTopic: this.#records.defaultTopic,
      admissible: memory.roomFor(topic.id),
      recordOverhead: RECORD_OVERHEAD_BYTES,
      recordBytes: rules.maxRequestSize - WIRE_OVERHEAD_BYTES,
      frameRecords: FRAME_RECORDS,
      frameBytes: FRAME_BYTES,
    };
    let packed = packUsual(writer, range);
    if (packed.count === 0) packed = packDecorated(writer, range);
    const { count, admitted } = packed;
    if (count === 0) return false;
    memory.take(topic.id, admitted);
    frame.holding.add(topic.id, admitted, count);
    this.#pipeline.tally.accepted += count;
    this.#records.passed(this.#next, this.#next + count);
    this.#next += count;
    this.#frames.submitIfFull();
    return true;
  }

  #packHeld(record: CheckedRecord): Progress {
    const { memory, handover } = this.#pipeline;
    const bytes = record.size + RECORD_OVERHEAD_BYTES;
    if (!memory.canEverTake(bytes)) throw largerThanBuffer(record, this.#next, bytes, memory.total);
    const unknown = this.#unknownTopics.get(record.topic);
    if (unknown !== undefined) throw unknown;
    const topic = this.#enter(record.topic);
    if (!topic.ready) {
      this.#lookAhead();
      this.#waitForTopic(topic);
      return 'waiting';
    }
    if (!record.isPlaced) {
      if (topic.refusal !== undefined) throw topic.refusal;
      if (topic.partitioner !== undefined && record.partition === -1) {
        record.partition = choosePartition(topic.partitioner, record, topic, this.#next);
      }
    }
    const bound = upperBoundOf(record);
    handover.writer.ensureFree();
    if (!memory.tryTake(topic.id, bytes, this.#served ? this : undefined)) {
      if (this.#outOfTime) {
        const cause = this.#pipeline.health.lastError();
        throw bufferTimeout(topic.name, this.#next, memory, topic.id, this.#waits, cause);
      }
      return 'full';
    }
    try {
      const { holding } = this.#frames.withRoomFor(bound, this.#next, topic.id);
      handover.writer.appendRecord(topic.id, record);
      holding.add(topic.id, bytes, 1);
    } catch (error) {
      // A buffer that was transferred to another thread while the record waited, no memory for a frame.
      memory.release([topic.id], [bytes]);
      throw error;
    }
    this.#pipeline.tally.accepted++;
    this.#packed();
    return 'packed';
  }

  /** @throws RecordError when it has waited for others as long as a send may */
  #waitForTopic(topic: Topic): void {
    if (this.#waits.metadataMs >= this.#pipeline.memory.maxBlockMs) {
      throw this.#unknown(topic, this.#pipeline.topics.timeout(topic));
    }
    const since = performance.now();
    const waiter = (error: RecordError | undefined) => {
      this.#forgetTopic = undefined;
      this.#waits.metadataMs += performance.now() - since;
      if (error !== undefined) this.#unknown(topic, error);
      // Others may have come to wait for memory: behind them.
      this.#goOn();
    };
    this.#forgetTopic = () => this.#pipeline.topics.forgetWaiter(waiter);
    topic.whenReady(waiter, this.#waits.metadataMs);
  }

  #unknown({ name }: Topic, why: RecordError): RecordError {
    const error = topicUnknown(why, this.#waits);
    this.#unknownTopics.set(name, error);
    return error;
  }

  /** The topic of the record at hand, which becomes the usual one. */
  #enter(name: string): Topic {
    this.#rename(name);
    const { topics, rules } = this.#pipeline;
    const topic = topics.topic(name);
    const { keySerializer, valueSerializer } = rules.topics.of(name);
    this.#topic = topic;
    this.#plain =
      keySerializer === undefined && valueSerializer === undefined && topic.partitioner === undefined;
    return topic;
  }

  #rename(name: string): void {
    if (name === this.#records.topicName) return;
    this.#records.name(this.#next, name);
    this.#topic = undefined;
  }

  /** Has the topics of the records behind looked up too, all at once, and hears of those for which that is in vain. */
  #lookAhead(): void {
    if (this.#lookedAhead) return;
    this.#lookedAhead = true;
    const seen = new Set([this.#records.topicName]);
    for (let i = this.#next + 1; i < this.#count; i++) {
      const name = this.#records.topicOf(i);
      if (seen.has(name) || !isTopicName(name)) continue;
      seen.add(name);
      const topic = this.#pipeline.topics.topic(name);
      if (topic.ready) continue;
      topic.whenReady((error) => {
        if (error !== undefined) this.#unknown(topic, error);
      }, this.#waits.metadataMs);
    }
  }

  #packed(): void {
    this.#advance();
    this.#frames.submitIfFull();
  }

  /** The record at hand fails by itself. In an open frame it keeps its place, so that indexes agree. */
  #refuse(error: RecordError): void {
    this.#outcome.refuse(this.#next, error);
    this.#rename(error.topic ?? this.#records.topicOf(this.#next));
    this.#frames.keepPlace();
    this.#packed();
  }

  #advance(): void {
    this.#records.passed(this.#next, this.#next + 1);
    this.#held = undefined;
    this.#next++;
  }

  // -- the outcome --

  readonly #finishIfSettled = (): void => {
    if (this.#next < this.#count) return;
    if (!this.#accepted) {
      this.#accepted = true;
      this.#ignoreSignal?.();
      this.#extras?.accepted?.();
    }
    if (this.#frames.anyOnTheirWay || this.#finished) return;
    this.#finished = true;
    const outcome = this.#outcome.conclude(this.#waits);
    if (outcome instanceof BatchError) this.#reject(outcome);
    else this.#resolve(outcome);
    this.#pipeline.outstanding.settle(this.#epoch, this.#count);
  };
}
