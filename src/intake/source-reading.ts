// Reads a caller's iterable one by one, until it ends or is no longer wanted.

type Step<T> = IteratorResult<T>;

export class SourceReading<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  #stopped: { reason: unknown } | undefined;
  /** While the source is waited for. */
  #interrupt: ((reason: unknown) => void) | undefined;
  #ended = false;

  constructor(source: Iterable<T> | AsyncIterable<T>) {
    const { [Symbol.asyncIterator]: later } = source as Partial<AsyncIterable<T>>;
    this.#iterator =
      typeof later === 'function' ? later.call(source) : (source as Iterable<T>)[Symbol.iterator]();
  }

  /** Ends the reading, in the middle of a wait too. The first reason counts. */
  stop(reason: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { reason };
    this.#interrupt?.(reason);
  }

  /** @throws what `stop` was given, if it was called */
  throwIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped.reason;
  }

  /** At once, when the source has it. @throws (or rejects with) what the source throws, and what `stop` was given */
  next(): Step<T> | Promise<Step<T>> {
    this.throwIfStopped();
    let step: Step<T> | Promise<Step<T>>;
    try {
      step = this.#iterator.next();
    } catch (error) {
      this.#ended = true;
      throw error;
    }
    if (!isPromise(step) && !isPromise(step.value)) return this.#taken(step);
    return this.#later(step);
  }

  // A promise for each step: one that lasts, raced against, would gather a reaction for each.
  async #later(coming: Step<T> | Promise<Step<T>>): Promise<Step<T>> {
    try {
      return await new Promise<Step<T>>((resolve, reject) => {
        this.#interrupt = reject;
        settled(coming).then((step) => resolve(this.#taken(step)), reject);
      });
    } catch (error) {
      // An asynchronous source that has thrown is at its end; one that is waited for would not hear of it.
      this.#ended ||= this.#stopped === undefined;
      throw error;
    } finally {
      this.#interrupt = undefined;
    }
  }

  #taken(step: Step<T>): Step<T> {
    this.#ended ||= step.done === true;
    return step;
  }

  /** Tells the source that no more will be read, unless it has ended by itself. What it makes of that changes nothing. */
  leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      // Not waited for: a generator that is waiting itself takes it up only afterwards.
      Promise.resolve(this.#iterator.return?.()).catch(() => {});
    } catch {
      // The call has a reason of its own to tell.
    }
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function';
}

/** An iterable of promises gives what they give, as in `for await`. */
async function settled<T>(coming: Step<T> | Promise<Step<T>>): Promise<Step<T>> {
  const step = await coming;
  return isPromise(step.value) ? { done: step.done, value: await step.value } : step;
}
