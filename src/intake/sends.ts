// The forms of a send: with a promise, with a callback, with two moments; one record or many. Each checks whether the
// producer takes records now, then hands on to the engine.
import { callOut } from '../call-out';
import type { BatchResult } from '../delivery/batch-result';
import type { RecordMetadata } from '../delivery/record-metadata';
import type { Engine } from '../engine';
import type { MillraceError, RecordError } from '../errors';
import { outsideTransaction } from '../transactions/transactions';
import { type BatchExtras, BatchSend } from './batch-send';
import { Dispatch } from './dispatch';
import type { BatchRecord, ProducerRecord } from './record';
import {
  type BatchOptions,
  batchExtras,
  type DeliveryCallback,
  type SendOptions,
  sendExtras,
} from './send-options';
import { batchSentTooLate, sentTooLate } from './sent-too-late';
import type { SendExtras } from './single-sends';

/** What sends go to. */
export interface Sender<K, V> {
  /** Whether it takes nothing more. */
  readonly ended: boolean;
  /** Whether records belong to transactions. */
  readonly transactional: boolean;
  /** Opens it when nobody has. @throws MillraceError PRODUCER_CLOSED; ConfigError when librdkafka refuses a property */
  open(): Engine<K, V>;
}

/** Of the promise made last: one function takes them for all, since a closure for each send would have to be collected. */
const settlers = {} as {
  resolve: (metadata: RecordMetadata) => void;
  reject: (error: unknown) => void;
};
const takeSettlers = (resolve: (metadata: RecordMetadata) => void, reject: (error: unknown) => void) => {
  settlers.resolve = resolve;
  settlers.reject = reject;
};

/** `isInside`: for a transaction, which alone may send through a producer that has them. */
export class Sends<K, V> {
  readonly #sender: Sender<K, V>;

  constructor(sender: Sender<K, V>) {
    this.#sender = sender;
  }

  send(
    record: ProducerRecord<K, V>,
    options: SendOptions | undefined,
    isInside = false,
  ): Promise<RecordMetadata> {
    const promise = new Promise<RecordMetadata>(takeSettlers);
    const { resolve, reject } = settlers;
    try {
      this.#send(record, resolve, reject, sendExtras('send', options), isInside);
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  sendWithCallback(
    record: ProducerRecord<K, V>,
    options: SendOptions | undefined,
    then: DeliveryCallback,
  ): void {
    try {
      this.#send(
        record,
        (metadata) => callOut(then, null, metadata),
        (error) => callOut(then, error, undefined),
        sendExtras('send', options),
        false,
      );
    } catch (error) {
      // Never within the call.
      queueMicrotask(() => then(error as MillraceError, undefined));
    }
  }

  sendBatch(
    records: readonly BatchRecord<K, V>[],
    options: Partial<BatchOptions> | undefined,
    isInside = false,
  ): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      this.#sendBatch(records, resolve, reject, batchExtras('sendBatch', options), isInside);
    });
  }

  dispatch(record: ProducerRecord<K, V>, options: SendOptions | undefined): Dispatch<RecordMetadata> {
    return Dispatch.of((accepted, delivered, failed) => {
      const extras = sendExtras('dispatch', options);
      this.#send(record, delivered, failed, { ...extras, accepted }, false);
    });
  }

  dispatchBatch(
    records: readonly ProducerRecord<K, V>[],
    options: SendOptions | undefined,
  ): Dispatch<BatchResult> {
    return Dispatch.of((accepted, delivered, failed) => {
      const extras = batchExtras('dispatchBatch', options);
      this.#sendBatch(records, delivered, failed, { ...extras, accepted }, false);
    });
  }

  #send(
    record: ProducerRecord<K, V>,
    delivered: (metadata: RecordMetadata) => void,
    failed: (error: RecordError) => void,
    extras: SendExtras | undefined,
    isInside: boolean,
  ): void {
    if (this.#sender.ended) throw sentTooLate(record as ProducerRecord<never, never>);
    this.#engine(isInside).singles.send(record, delivered, failed, extras);
  }

  #sendBatch(
    records: readonly BatchRecord<K, V>[],
    resolve: (result: BatchResult) => void,
    reject: (error: MillraceError) => void,
    extras: BatchExtras | undefined,
    isInside: boolean,
  ): void {
    if (this.#sender.ended && Array.isArray(records) && records.length > 0) {
      throw batchSentTooLate(records as BatchRecord<never, never>[], extras?.topic);
    }
    const { singles, pipeline } = this.#engine(isInside);
    // What was sent singly before goes first.
    singles.flush();
    new BatchSend(pipeline, records, resolve, reject, extras).start();
  }

  #engine(isInside: boolean): Engine<K, V> {
    const engine = this.#sender.open();
    if (this.#sender.transactional && !isInside) throw outsideTransaction();
    return engine;
  }
}
