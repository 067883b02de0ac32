// Waits that somebody else may end.

/** `Reason`: what their end is told. */
export class EndableWaits<Reason> {
  readonly #ends = new Set<(reason: Reason) => void>();

  /** What `work` settles with, unless the waits are ended before: then it rejects with what `errorOf` makes of the reason. */
  async orEnd<T>(work: Promise<T>, errorOf: (reason: Reason) => Error): Promise<T> {
    let end: (reason: Reason) => void = () => {};
    const ended = new Promise<never>((_, reject) => {
      end = (reason) => reject(errorOf(reason));
    });
    this.#ends.add(end);
    try {
      return await Promise.race([work, ended]);
    } finally {
      this.#ends.delete(end);
    }
  }

  end(reason: Reason): void {
    for (const end of this.#ends) end(reason);
  }
}
