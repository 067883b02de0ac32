// The producer's memory limit: bytes are taken at admission and given back at acknowledgement. When they run out,
// callers wait here, in order, for at most `maxBlockMs` (Java's buffer.memory and max.block.ms). Threads that share a
// client have equal parts of its limit, so that each waits for its own records only.
//
// One topic may hold no more than its share of what the others leave, so that topics which cannot be delivered to, however
// many, leave room for the rest. What lies beyond has to be earned: bytes that were acknowledged make room for as many. So
// a topic that was stuck from the beginning stays within its share, while the only topic of a producer comes to have
// nearly everything as soon as its records arrive. A remainder is kept free even then, because whoever fills the buffer
// may get stuck later.
//
// Those who wait for their topic's share let the other topics' records go ahead; those who wait for the buffer as a
// whole let nobody.
import { WaitQueue } from '../wait-queue';

/** Why a wait ended without memory. */
export type WaitEnd = 'timeout' | 'transaction aborted' | 'closed';

export interface Waiter {
  /** Whose share it waits for. */
  readonly topicId: number;
  /** Bytes it can make use of at once: it is not woken for less. */
  readonly wanted: number;
  /** Takes what it can. True when it is done and leaves the queue. Must not throw. */
  resume(): boolean;
  /** It gets nothing any more; it has left the queue. Must not throw. */
  expire(reason: WaitEnd): void;
}

interface Place {
  waiter: Waiter;
  share: TopicShare;
  /** In the share's queue; undefined: it has left. */
  number: number | undefined;
  /** The order of coming, over all topics. */
  arrival: number;
  deadline: number;
}

/** Of what a topic's share leaves of the buffer, the part that cannot be earned either. */
const KEPT_FREE = 1 / 4;

/** One topic's part of the buffer, and who waits for it. */
class TopicShare {
  used = 0;
  /** Bytes acknowledged since its last failure. */
  earned = 0;
  readonly queue = new WaitQueue<Place>();
}

export class BufferMemory {
  /** This thread's part. */
  capacity: number;
  readonly maxBlockMs: number;
  readonly #total: number;
  readonly #sharePart: number;
  /** The part of what the others leave that a topic can earn. */
  readonly #mostPart: number;
  #used = 0;
  /** By topic id. */
  readonly #shares: TopicShare[] = [];
  #topicCount = 0;
  /** Those with somebody in their queue. */
  readonly #awaited = new Set<TopicShare>();
  /** By who waits. */
  readonly #places = new Map<Waiter, Place>();
  #arrivals = 0;
  #serving = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param sharePart the part of the buffer that one topic may hold; 1: no limit */
  constructor(capacity: number, maxBlockMs: number, sharePart: number) {
    this.capacity = capacity;
    this.#total = capacity;
    this.maxBlockMs = maxBlockMs;
    this.#sharePart = sharePart;
    this.#mostPart = 1 - (1 - sharePart) * KEPT_FREE;
  }

  /** `bufferMemory`, of all threads. */
  get total(): number {
    return this.#total;
  }

  /** From now on so many threads share the limit. Less than is in use means waiting until that is given back. */
  divide(threads: number): void {
    this.capacity = Math.floor(this.#total / threads);
    this.#serve();
  }

  /** Whether so much can be had when everything else has been given back: a single record may exceed a thread's part. */
  canEverTake(bytes: number): boolean {
    return bytes <= this.#total;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#places.size;
  }

  /** Bytes that this topic may hold, as things are now. */
  limitOf(topicId: number): number {
    return Math.floor(this.#limitOf(this.#shareOf(topicId)));
  }

  usedBy(topicId: number): number {
    return this.#shareOf(topicId).used;
  }

  /** Bytes that `take` may have for this topic now. */
  roomFor(topicId: number): number {
    const share = this.#shareOf(topicId);
    return this.#limitOf(share) - share.used;
  }

  /**
   * Takes `bytes` if there is room and nobody is to be served before.
   * @param served the waiter that is being resumed: its turn has come
   */
  tryTake(topicId: number, bytes: number, served?: Waiter): boolean {
    const share = this.#shareOf(topicId);
    if (this.#places.size > 0 && !this.#mayGoAhead(share, served)) return false;
    if (!this.#fits(share, bytes)) return false;
    this.#add(share, bytes);
    return true;
  }

  /** Takes what `roomFor` has granted. */
  take(topicId: number, bytes: number): void {
    this.#add(this.#shareOf(topicId), bytes);
  }

  /** Corrects an admission by what packing has measured. */
  adjust(topicId: number, bytes: number): void {
    this.#add(this.#shareOf(topicId), bytes);
  }

  /**
   * Gives bytes back, of each topic so many.
   * @param failed by place: those that were not acknowledged, if there are any
   */
  release(topicIds: readonly number[], bytes: readonly number[], failed?: readonly boolean[]): void {
    for (let i = 0; i < topicIds.length; i++) {
      const share = this.#shareOf(topicIds[i]);
      this.#add(share, -bytes[i]);
      share.earned = failed?.[i] ? 0 : share.earned + bytes[i];
    }
    this.#serve();
  }

  wait(waiter: Waiter): void {
    if (this.#closed) {
      waiter.expire('closed');
      return;
    }
    const share = this.#shareOf(waiter.topicId);
    const deadline = performance.now() + this.maxBlockMs;
    const place: Place = { waiter, share, number: undefined, arrival: this.#arrivals++, deadline };
    place.number = share.queue.push(place);
    this.#awaited.add(share);
    this.#places.set(waiter, place);
    if (this.#places.size === 1) this.#arm();
  }

  /** Takes a waiter out of its queue, if it is in one: it gets nothing any more and is not told. */
  forget(waiter: Waiter): void {
    const place = this.#places.get(waiter);
    if (place === undefined) return;
    this.#leave(place);
    // Those behind it may want less.
    if (this.#places.size > 0) this.#serve();
    else this.#arm();
  }

  /** Ends every wait: what waits belongs to a transaction that is aborted. */
  giveUpWaiting(): void {
    this.#expireAll('transaction aborted');
  }

  /** Ends every wait, now and from now on. */
  close(): void {
    this.#closed = true;
    this.#expireAll('closed');
  }

  #expireAll(reason: WaitEnd): void {
    // Who is told may take others out, or come to wait anew.
    const until = this.#arrivals;
    for (;;) {
      const share = this.#longestWaiting();
      if (share === undefined || arrivalOf(share) >= until) break;
      this.#leaveFirst(share).expire(reason);
    }
    this.#arm();
  }

  #shareOf(topicId: number): TopicShare {
    const known = this.#shares[topicId];
    if (known !== undefined) return known;
    this.#topicCount++;
    const share = new TopicShare();
    this.#shares[topicId] = share;
    return share;
  }

  #add(share: TopicShare, bytes: number): void {
    share.used += bytes;
    this.#used += bytes;
  }

  // Never more than the others leave.
  #limitOf(share: TopicShare): number {
    const left = this.capacity - (this.#used - share.used);
    const most = this.#topicCount > 1 ? this.capacity * this.#sharePart : this.capacity;
    return Math.min(left * this.#sharePart + share.earned, left * this.#mostPart, most);
  }

  #fits(share: TopicShare, bytes: number): boolean {
    return this.#fitsShare(share, bytes) && this.#fitsWhole(bytes);
  }

  // What exceeds a limit alone may pass when there is nothing else within it.
  #fitsShare(share: TopicShare, bytes: number): boolean {
    return share.used + bytes <= this.#limitOf(share) || share.used === 0;
  }

  #fitsWhole(bytes: number): boolean {
    return this.#used + bytes <= this.capacity || (this.#used === 0 && this.canEverTake(bytes));
  }

  #mayGoAhead(share: TopicShare, served: Waiter | undefined): boolean {
    const first = share.queue.first;
    if (first !== undefined) return first.waiter === served;
    if (served !== undefined) return true;
    for (const other of this.#awaited) if (this.#isOpen(other)) return false;
    return true;
  }

  /** Whether what the first in its queue waits for is the buffer as a whole. */
  #isOpen(share: TopicShare): boolean {
    return this.#fitsShare(share, (share.queue.first as Place).waiter.wanted);
  }

  /** The share whose first in the queue came first of all. */
  #longestWaiting(among: (share: TopicShare) => boolean = () => true): TopicShare | undefined {
    let longest: TopicShare | undefined;
    for (const share of this.#awaited) {
      if (longest !== undefined && arrivalOf(share) > arrivalOf(longest)) continue;
      if (among(share)) longest = share;
    }
    return longest;
  }

  #serve(): void {
    // Who is resumed may give bytes back at once, when its frame is refused: the loop that resumed it goes on.
    if (this.#places.size === 0 || this.#serving) return;
    this.#serving = true;
    for (;;) {
      const share = this.#longestWaiting((other) => this.#isOpen(other));
      if (share === undefined) break;
      const place = share.queue.first as Place;
      const { waiter } = place;
      if (this.#used > 0 && this.capacity - this.#used < waiter.wanted) break;
      if (waiter.resume() || place.number === undefined) this.#leave(place);
      else if (this.#isOpen(share)) break;
    }
    this.#serving = false;
    this.#arm();
  }

  #leaveFirst(share: TopicShare): Waiter {
    const place = share.queue.first as Place;
    this.#leave(place);
    return place.waiter;
  }

  // Who was resumed may have been taken out meanwhile, or wait anew, for another topic.
  #leave(place: Place): void {
    const { waiter, share, number } = place;
    if (number === undefined) return;
    place.number = undefined;
    share.queue.remove(number);
    if (share.queue.length === 0) this.#awaited.delete(share);
    if (this.#places.get(waiter) === place) this.#places.delete(waiter);
  }

  // Everybody waits equally long, so the first to have come is the first to expire: one timer serves all.
  #arm(): void {
    if (this.#places.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    if (this.#timer !== undefined) return;
    const share = this.#longestWaiting() as TopicShare;
    const delay = Math.max(0, (share.queue.first as Place).deadline - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#expireDue();
    }, Math.ceil(delay));
  }

  #expireDue(): void {
    const now = performance.now();
    for (;;) {
      const share = this.#longestWaiting();
      if (share === undefined || (share.queue.first as Place).deadline > now) break;
      this.#leaveFirst(share).expire('timeout');
    }
    if (this.#places.size > 0) this.#serve();
    else this.#arm();
  }
}

function arrivalOf(share: TopicShare): number {
  return (share.queue.first as Place).arrival;
}
