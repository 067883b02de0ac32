// Keeps sends in the order of their calls where serializers are asynchronous: a record that is still being serialized
// holds up the later ones of its topic, and nobody else.

interface Entry {
  topics: readonly string[];
  ready: boolean;
  /** Called when it is ready and everything before it has gone on. Must not throw. */
  go: () => void;
}

export class SerializationOrder {
  #queue: Entry[] = [];
  readonly #held = new Map<string, number>();

  /** Whether a later record of this topic has to join the queue, although it is serialized. */
  holds(topic: string): boolean {
    return this.#held.size > 0 && this.#held.has(topic);
  }

  get busy(): boolean {
    return this.#held.size > 0;
  }

  /** `ready` must not reject. Without it, only those before are waited for. */
  join(topics: readonly string[], ready: Promise<unknown> | undefined, go: () => void): void {
    const entry: Entry = { topics, ready: ready === undefined, go };
    this.#queue.push(entry);
    for (const topic of topics) this.#held.set(topic, (this.#held.get(topic) ?? 0) + 1);
    if (ready !== undefined) {
      void ready.then(() => {
        entry.ready = true;
        this.#goOn();
      });
    }
  }

  // Topic by topic in order: an entry goes when no earlier one has a topic of its.
  #goOn(): void {
    const blocked = new Set<string>();
    const going: Entry[] = [];
    this.#queue = this.#queue.filter((entry) => {
      const free = entry.ready && entry.topics.every((topic) => !blocked.has(topic));
      if (free) going.push(entry);
      else for (const topic of entry.topics) blocked.add(topic);
      return !free;
    });
    for (const { topics, go } of going) {
      go();
      for (const topic of topics) {
        const left = (this.#held.get(topic) as number) - 1;
        if (left > 0) this.#held.set(topic, left);
        else this.#held.delete(topic);
      }
    }
  }
}
