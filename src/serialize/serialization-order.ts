// Keeps sends in the order of their calls where serializers are asynchronous: a record that is still being serialized
// holds up the later ones of its topic, and nobody else, for `maxBlockMs` at most.
import type { WaitEnd } from '../buffer/buffer-memory';

/** A send or a batch in the order. No call may throw. */
export interface InOrder {
  /** It is serialized, and everything before it has gone on. */
  go(): void;
  /** What is not serialized by now fails. After a timeout the rest may go on: `go` follows; otherwise it does not. */
  giveUp(reason: WaitEnd): void;
}

interface Entry {
  topics: readonly string[];
  ready: boolean;
  deadline: number;
  waiter: InOrder;
}

export class SerializationOrder {
  readonly #maxBlockMs: number;
  #queue: Entry[] = [];
  readonly #held = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #goingOn = false;
  #closed = false;

  constructor(maxBlockMs: number) {
    this.#maxBlockMs = maxBlockMs;
  }

  /** Whether a later record of this topic has to join the queue, although it is serialized. */
  holds(topic: string): boolean {
    return this.#held.size > 0 && this.#held.has(topic);
  }

  get busy(): boolean {
    return this.#held.size > 0;
  }

  /**
   * `ready` must not reject. Without it, only those before are waited for.
   * @returns to be called when it need not be waited for any more, having failed
   */
  join(topics: readonly string[], ready: Promise<unknown> | undefined, waiter: InOrder): () => void {
    if (this.#closed) {
      waiter.giveUp('closed');
      return () => {};
    }
    const deadline = performance.now() + this.#maxBlockMs;
    const entry: Entry = { topics, ready: ready === undefined, deadline, waiter };
    this.#queue.push(entry);
    for (const topic of topics) this.#held.set(topic, (this.#held.get(topic) ?? 0) + 1);
    const isReady = () => {
      entry.ready = true;
      this.#goOn();
    };
    if (ready !== undefined) void ready.then(isReady);
    this.#arm();
    return isReady;
  }

  /** Ends every wait: what waits belongs to a transaction that is aborted. */
  giveUpWaiting(): void {
    this.#giveAllUp('transaction aborted');
  }

  /** Ends every wait, now and from now on. */
  close(): void {
    this.#closed = true;
    this.#giveAllUp('closed');
  }

  #giveAllUp(reason: WaitEnd): void {
    const all = this.#queue;
    this.#queue = [];
    this.#held.clear();
    this.#arm();
    for (const { waiter } of all) waiter.giveUp(reason);
  }

  // Topic by topic in order: an entry goes when no earlier one has a topic of its. Who goes on may run the caller's code,
  // and so get here again: the loop it came from goes on.
  #goOn(): void {
    if (this.#goingOn) return;
    this.#goingOn = true;
    for (let going = this.#free(); going.length > 0; going = this.#free()) {
      for (const { topics, waiter } of going) {
        waiter.go();
        for (const topic of topics) {
          const left = (this.#held.get(topic) ?? 0) - 1;
          if (left > 0) this.#held.set(topic, left);
          else this.#held.delete(topic);
        }
      }
    }
    this.#goingOn = false;
    this.#arm();
  }

  /** Takes out who may go. */
  #free(): Entry[] {
    const blocked = new Set<string>();
    const free: Entry[] = [];
    this.#queue = this.#queue.filter((entry) => {
      const goes = entry.ready && entry.topics.every((topic) => !blocked.has(topic));
      if (goes) free.push(entry);
      else for (const topic of entry.topics) blocked.add(topic);
      return !goes;
    });
    return free;
  }

  // Everybody waits equally long, so the first in the queue is the first to be given up: one timer serves all.
  #arm(): void {
    const [first] = this.#queue;
    if (first === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#giveUpDue();
      },
      Math.max(0, Math.ceil(first.deadline - performance.now())),
    );
  }

  #giveUpDue(): void {
    const now = performance.now();
    for (const entry of this.#queue.filter(({ ready, deadline }) => !ready && deadline <= now)) {
      entry.waiter.giveUp('timeout');
      entry.ready = true;
    }
    this.#goOn();
  }
}
