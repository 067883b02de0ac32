// Who waits for topics that are being looked up: all in the order of their coming, whatever their topic, since a batch may go
// on from topic to topic; each for its own `maxBlockMs`, although a topic is looked up for as long as anybody waits.
import type { RecordError } from '../errors';
import type { Topic, TopicWaiter } from './topic';

interface Place {
  topic: Topic;
  waiter: TopicWaiter;
  deadline: number;
}

/** Those who have waited long enough are told in steps: there may be a thousand more each second. */
const STEP_MS = 20;

export class TopicWaiters {
  readonly #maxBlockMs: number;
  readonly #timeoutOf: (topic: Topic) => RecordError;
  /** By who waits. */
  readonly #places = new Map<TopicWaiter, Place>();
  #timer: NodeJS.Timeout | undefined;
  #expiresAt = Number.POSITIVE_INFINITY;

  constructor(maxBlockMs: number, timeoutOf: (topic: Topic) => RecordError) {
    this.#maxBlockMs = maxBlockMs;
    this.#timeoutOf = timeoutOf;
  }

  /** See `Topic.whenReady`. */
  readonly add = (topic: Topic, waiter: TopicWaiter, waitedMs: number): void => {
    const deadline = performance.now() + this.#maxBlockMs - waitedMs;
    topic.deadline = Math.max(topic.deadline, deadline);
    this.#places.set(waiter, { topic, waiter, deadline });
    this.#expireAt(deadline);
  };

  /** Takes a waiter out of the queue, if it is still there. */
  forget(waiter: TopicWaiter): void {
    this.#places.delete(waiter);
    if (this.#places.size === 0) this.#rest();
  }

  /** Tells all who wait for these topics. */
  tell(outcomes: ReadonlyMap<Topic, RecordError | undefined>): void {
    this.#take(({ topic }) => outcomes.has(topic)).forEach(({ topic, waiter }) => {
      waiter(outcomes.get(topic));
    });
  }

  #take(which: (place: Place) => boolean): Place[] {
    const taken = [...this.#places.values()].filter(which);
    for (const { waiter } of taken) this.#places.delete(waiter);
    if (this.#places.size === 0) this.#rest();
    return taken;
  }

  // A timer that is left behind holds the producer in memory.
  #rest(): void {
    clearTimeout(this.#timer);
    this.#expiresAt = Number.POSITIVE_INFINITY;
  }

  // What waits keeps the process alive, not its timer.
  #expireAt(deadline: number): void {
    if (deadline >= this.#expiresAt) return;
    clearTimeout(this.#timer);
    this.#expiresAt = deadline;
    const delay = Math.max(deadline - performance.now(), STEP_MS);
    this.#timer = setTimeout(() => this.#expire(), delay).unref();
  }

  #expire(): void {
    this.#expiresAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (const { topic, waiter } of this.#take(({ deadline, topic }) => deadline <= now && topic.asked)) {
      waiter(this.#timeoutOf(topic));
    }
    let first = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.#places.values()) first = Math.min(first, deadline);
    this.#expireAt(first);
  }
}
