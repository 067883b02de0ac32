// First come, first served, however long the queue: shift() on a long array is linear, a moving head is not.

export class WaitQueue<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Who is next; undefined when nobody waits. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first out that is so, wherever it is. False when there is none. */
  remove(isSo: (item: T) => boolean): boolean {
    const at = this.#items.findIndex((item, i) => i >= this.#head && isSo(item));
    if (at !== -1) this.#items.splice(at, 1);
    return at !== -1;
  }

  /** The first goes. */
  leave(): void {
    this.#items[this.#head++] = undefined as T;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
