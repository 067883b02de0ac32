// connect() and disconnect() of a client, and again: what is open in between.
import { brokersOf } from './brokers';
import { toKafkaJSError } from './failure';
import type { Instrumentation } from './instrumentation';
import type { RetryBudget } from './retry-budget';
import type { KafkaConfig } from './types';

export interface Connectable {
  /** @throws (rejects with) ConnectionError */
  connect(): Promise<void>;
  /** Whether it was connected or not. */
  close(): Promise<void>;
}

export interface ConnectionParts<T extends Connectable> {
  kafka: KafkaConfig;
  budget: RetryBudget;
  instrumentation: Instrumentation;
  events: { readonly CONNECT: string; readonly DISCONNECT: string };
  make(brokers: readonly string[]): T;
}

/** Methods are properties, so that they may be taken off the object, as kafkajs's may. */
export class Connection<T extends Connectable> {
  readonly #parts: ConnectionParts<T>;
  #open: T | undefined;
  #connecting: Promise<void> | undefined;
  #closing = 0;

  constructor(parts: ConnectionParts<T>) {
    this.#parts = parts;
  }

  /** Undefined before connect() and after disconnect(). */
  get open(): T | undefined {
    return this.#open;
  }

  get isClosing(): boolean {
    return this.#closing > 0;
  }

  /** @throws (rejects with) KafkaJSError */
  readonly connect = async (): Promise<void> => {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    await this.#connecting;
    this.#parts.instrumentation.emit(this.#parts.events.CONNECT);
  };

  readonly disconnect = async (): Promise<void> => {
    // Otherwise at once: what is sent after the call is too late.
    if (this.#connecting !== undefined) await this.#connecting.catch(() => {});
    const open = this.#open;
    this.#open = undefined;
    this.#closing++;
    try {
      await open?.close();
    } finally {
      this.#closing--;
    }
    this.#parts.instrumentation.emit(this.#parts.events.DISCONNECT);
  };

  async #connect(): Promise<void> {
    if (this.#open !== undefined) return;
    const { kafka, budget, make } = this.#parts;
    const made = make(await brokersOf(kafka));
    try {
      await made.connect();
    } catch (error) {
      await made.close();
      throw toKafkaJSError(error, budget);
    }
    this.#open = made;
  }
}
