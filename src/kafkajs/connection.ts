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
  /** A disconnect() that waits for the connect() before it. */
  #interrupting: Promise<void> | undefined;
  /** Those that disconnect() ends. */
  readonly #closing = new Set<Promise<void>>();

  constructor(parts: ConnectionParts<T>) {
    this.#parts = parts;
  }

  /** Undefined before connect() and after disconnect(). */
  get open(): T | undefined {
    return this.#open;
  }

  get isClosing(): boolean {
    return this.#closing.size > 0;
  }

  /** @throws (rejects with) KafkaJSError */
  readonly connect = async (): Promise<void> => {
    if (this.#connecting === undefined) {
      const connecting = this.#connect().finally(() => {
        if (this.#connecting === connecting) this.#connecting = undefined;
      });
      this.#connecting = connecting;
    }
    await this.#connecting;
    this.#parts.instrumentation.emit(this.#parts.events.CONNECT);
  };

  readonly disconnect = async (): Promise<void> => {
    const connecting = this.#connecting;
    if (connecting === undefined) {
      // At once: what is sent after the call is too late.
      this.#close();
    } else {
      // Who connects from now on connects anew.
      this.#connecting = undefined;
      this.#interrupting = connecting.catch(() => {}).then(() => this.#close());
    }
    // What earlier calls end, too: whoever has waited may end the process.
    await this.#interrupting;
    await Promise.all(this.#closing);
    this.#parts.instrumentation.emit(this.#parts.events.DISCONNECT);
  };

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const closing = open.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #connect(): Promise<void> {
    await this.#interrupting;
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
