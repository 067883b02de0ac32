// First come, first served, however long the queue: shift() on a long array is linear, a moving head is not. Whoever leaves
// from the middle leaves a gap.

export class WaitQueue<T extends object> {
  #items: (T | undefined)[] = [];
  /** Who is next, or the end. */
  #head = 0;
  /** How many were cut off in front. */
  #cutOff = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Who is next; undefined when nobody waits. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** @returns the place, for `remove` */
  push(item: T): number {
    this.#length++;
    return this.#cutOff + this.#items.push(item) - 1;
  }

  /** Who has this place goes, wherever that is. Not to be called when it has gone already. */
  remove(place: number): void {
    this.#items[place - this.#cutOff] = undefined;
    this.#length--;
    while (this.#head < this.#items.length && this.#items[this.#head] === undefined) this.#head++;
    if (this.#head <= 1024 || this.#head * 2 <= this.#items.length) return;
    this.#items.splice(0, this.#head);
    this.#cutOff += this.#head;
    this.#head = 0;
  }

  /** The first goes. */
  leave(): void {
    this.remove(this.#cutOff + this.#head);
  }
}
