// Keeps sends in the order of their calls where serializers are asynchronous: a record that is still being serialized
// holds up the later ones of its topic, and nobody else, for `maxBlockMs` at most.
import type { WaitEnd } from '../buffer/buffer-memory';
import { WaitQueue } from '../wait-queue';

/** A send or a batch in the order. No call may throw. */
export interface InOrder {
  /** It is serialized, and everything before it has gone on. */
  go(): void;
  /** What is not serialized by now fails. After a timeout the rest may go on: `go` follows; otherwise it does not. */
  giveUp(reason: WaitEnd): void;
}

interface Entry {
  topics: readonly string[];
  /** Those of its topics in which somebody is before it. */
  heldUpIn: number;
  ready: boolean;
  /** Gone on, or given up. */
  over: boolean;
  deadline: number;
  waiter: InOrder;
}

export class SerializationOrder {
  readonly #maxBlockMs: number;
  /** Those who wait, in the order of their coming. */
  readonly #open = new Set<Entry>();
  /** The same, topic by topic. */
  readonly #byTopic = new Map<string, WaitQueue<Entry>>();
  /** Whose turn it is. */
  readonly #going = new WaitQueue<Entry>();
  #timer: NodeJS.Timeout | undefined;
  #goingOn = false;
  #closed = false;

  constructor(maxBlockMs: number) {
    this.#maxBlockMs = maxBlockMs;
  }

  /** Whether a later record of this topic has to join the queue, although it is serialized. */
  holds(topic: string): boolean {
    return this.#byTopic.size > 0 && this.#byTopic.has(topic);
  }

  get busy(): boolean {
    return this.#byTopic.size > 0;
  }

  /**
   * `ready` must not reject. Without it, only those before are waited for.
   * @param topics each of them once
   * @returns to be called when it need not be waited for any more, having failed
   */
  join(topics: readonly string[], ready: Promise<unknown> | undefined, waiter: InOrder): () => void {
    if (this.#closed) {
      waiter.giveUp('closed');
      return () => {};
    }
    const deadline = performance.now() + this.#maxBlockMs;
    const entry: Entry = { topics, heldUpIn: 0, ready: ready === undefined, over: false, deadline, waiter };
    this.#open.add(entry);
    for (const topic of topics) {
      const queue = this.#byTopic.get(topic) ?? new WaitQueue<Entry>();
      if (queue.length > 0) entry.heldUpIn++;
      else this.#byTopic.set(topic, queue);
      queue.push(entry);
    }
    const isReady = () => {
      entry.ready = true;
      this.#mayGo(entry);
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
    const all = [...this.#open];
    this.#open.clear();
    this.#byTopic.clear();
    this.#arm();
    for (const entry of all) entry.over = true;
    for (const { waiter } of all) waiter.giveUp(reason);
  }

  /** Topic by topic in order: an entry goes when no earlier one has a topic of its. */
  #mayGo(entry: Entry): void {
    if (entry.ready && entry.heldUpIn === 0 && !entry.over) this.#going.push(entry);
  }

  // Who goes on may run the caller's code, and so get here again: the loop it came from goes on.
  #goOn(): void {
    if (this.#goingOn) return;
    this.#goingOn = true;
    for (let entry = this.#going.first; entry !== undefined; entry = this.#going.first) {
      this.#going.leave();
      if (entry.over) continue;
      entry.over = true;
      this.#open.delete(entry);
      entry.waiter.go();
      // Only now: what its `go` had sent comes behind it.
      for (const topic of entry.topics) this.#leave(topic, entry);
    }
    this.#goingOn = false;
    this.#arm();
  }

  #leave(topic: string, entry: Entry): void {
    const queue = this.#byTopic.get(topic);
    // All may have been given up meanwhile.
    if (queue?.first !== entry) return;
    queue.leave();
    const { first } = queue;
    if (first === undefined) {
      this.#byTopic.delete(topic);
      return;
    }
    first.heldUpIn--;
    this.#mayGo(first);
  }

  // Everybody waits equally long, so the first to have come is the first to be given up: one timer serves all.
  #arm(): void {
    if (this.#open.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    if (this.#timer !== undefined) return;
    const [first] = this.#open;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#giveUpDue();
      },
      Math.max(0, Math.ceil(first.deadline - performance.now())),
    );
  }

  #giveUpDue(): void {
    const now = performance.now();
    const due: Entry[] = [];
    for (const entry of this.#open) {
      if (entry.deadline > now) break;
      if (!entry.ready) due.push(entry);
    }
    for (const entry of due) {
      if (entry.over) continue;
      entry.waiter.giveUp('timeout');
      entry.ready = true;
      this.#mayGo(entry);
    }
    this.#goOn();
  }
}
