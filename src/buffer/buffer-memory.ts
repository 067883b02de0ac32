// The producer's memory limit: bytes are taken at admission and given back at acknowledgement. When they run out,
// callers wait here, in order, for at most `maxBlockMs` (Java's buffer.memory and max.block.ms). Threads that share a
// client have equal parts of its limit, so that each waits for its own records only.

/** Why a wait ended without memory. */
export type WaitEnd = 'timeout' | 'transaction aborted' | 'closed';

export interface Waiter {
  /** Bytes it can make use of at once: it is not woken for less. */
  readonly wanted: number;
  /** Takes what it can. True when it is done and leaves the queue. Must not throw. */
  resume(): boolean;
  /** It gets nothing any more; it has left the queue. Must not throw. */
  expire(reason: WaitEnd): void;
}

interface Place {
  waiter: Waiter;
  deadline: number;
}

export class BufferMemory {
  /** This thread's part. */
  capacity: number;
  readonly maxBlockMs: number;
  readonly #total: number;
  #used = 0;
  // A queue with a moving head: shift() on a long array is linear.
  #places: Place[] = [];
  #head = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(capacity: number, maxBlockMs: number) {
    this.capacity = capacity;
    this.#total = capacity;
    this.maxBlockMs = maxBlockMs;
  }

  /** From now on so many threads share the limit. Less than is in use means waiting until that is given back. */
  divide(threads: number): void {
    this.capacity = Math.floor(this.#total / threads);
    if (this.waiting > 0) this.#serve();
  }

  /** Whether so much can be had when everything else has been given back: a single record may exceed a thread's part. */
  canEverTake(bytes: number): boolean {
    return bytes <= this.#total;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#places.length - this.#head;
  }

  /** Takes `bytes` if nobody waits and there is room. */
  tryTake(bytes: number): boolean {
    return this.waiting === 0 && this.takeInTurn(bytes);
  }

  /** As tryTake, for the waiter whose turn it is. */
  takeInTurn(bytes: number): boolean {
    if (this.#used + bytes > this.capacity && !this.#isLoneExcess(bytes)) return false;
    this.#used += bytes;
    return true;
  }

  /** Corrects an admission by what packing has measured. */
  adjust(bytes: number): void {
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
    if (this.waiting > 0) this.#serve();
  }

  wait(waiter: Waiter): void {
    if (this.#closed) {
      waiter.expire('closed');
      return;
    }
    this.#places.push({ waiter, deadline: performance.now() + this.maxBlockMs });
    if (this.waiting === 1) this.#arm();
  }

  /** Takes a waiter out of the queue, if it is there: it gets nothing any more and is not told. */
  forget(waiter: Waiter): void {
    const at = this.#places.findIndex((place, i) => i >= this.#head && place.waiter === waiter);
    if (at === -1) return;
    this.#places.splice(at, 1);
    // Those behind it may want less.
    this.#serve();
  }

  /** Ends every wait: what waits belongs to a transaction that is aborted. */
  giveUpWaiting(): void {
    for (let waiting = this.waiting; waiting > 0; waiting--) this.#leave().expire('transaction aborted');
    this.#arm();
  }

  /** Ends every wait, now and from now on. */
  close(): void {
    this.#closed = true;
    while (this.waiting > 0) this.#leave().expire('closed');
    this.#arm();
  }

  #isLoneExcess(bytes: number): boolean {
    return this.#used === 0 && this.canEverTake(bytes);
  }

  #serve(): void {
    while (this.waiting > 0) {
      const { waiter } = this.#places[this.#head];
      if (this.#used > 0 && this.capacity - this.#used < waiter.wanted) break;
      if (!waiter.resume()) break;
      this.#leave();
    }
    this.#arm();
  }

  #leave(): Waiter {
    const { waiter } = this.#places[this.#head];
    this.#places[this.#head++] = undefined as unknown as Place;
    if (this.#head > 1024 && this.#head * 2 > this.#places.length) {
      this.#places.splice(0, this.#head);
      this.#head = 0;
    }
    return waiter;
  }

  // Everybody waits equally long, so the first in the queue is the first to expire: one timer serves all.
  #arm(): void {
    if (this.waiting === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    if (this.#timer !== undefined) return;
    const delay = Math.max(0, this.#places[this.#head].deadline - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#expireDue();
    }, Math.ceil(delay));
  }

  #expireDue(): void {
    const now = performance.now();
    while (this.waiting > 0 && this.#places[this.#head].deadline <= now) this.#leave().expire('timeout');
    if (this.waiting > 0) this.#serve();
    else this.#arm();
  }
}
