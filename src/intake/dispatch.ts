// The two moments of a send, for callers that want to await either.

/** A promise that is made when somebody asks for it, and never an unhandled rejection. */
class Moment<T> {
  #state: 'open' | 'resolved' | 'rejected' = 'open';
  #outcome: unknown;
  #promise: Promise<T> | undefined;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  get promise(): Promise<T> {
    this.#promise ??= new Promise<T>((resolve, reject) => {
      if (this.#state === 'resolved') resolve(this.#outcome as T);
      else if (this.#state === 'rejected') reject(this.#outcome);
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who takes a dispatch apart has looked at both, and may await one.
    this.#promise.catch(() => {});
    return this.#promise;
  }

  /** Only the first end counts. */
  readonly resolve = (value: T): void => {
    if (this.#state !== 'open') return;
    this.#state = 'resolved';
    this.#outcome = value;
    this.#resolve?.(value);
  };

  readonly reject = (error: unknown): void => {
    if (this.#state !== 'open') return;
    this.#state = 'rejected';
    this.#outcome = error;
    this.#reject?.(error);
  };
}

/** What `dispatch` gives: two promises, of which either, both or none may be awaited. */
export class Dispatch<T> {
  readonly #accepted = new Moment<void>();
  readonly #delivered = new Moment<T>();

  /** @internal */
  static of<T>(
    start: (accepted: () => void, delivered: (outcome: T) => void, failed: (error: Error) => void) => void,
  ): Dispatch<T> {
    const dispatch = new Dispatch<T>();
    const failed = (error: Error) => {
      // What was accepted stays so.
      dispatch.#accepted.reject(error);
      dispatch.#delivered.reject(error);
    };
    try {
      start(() => dispatch.#accepted.resolve(), dispatch.#delivered.resolve, failed);
    } catch (error) {
      failed(error as Error);
    }
    return dispatch;
  }

  /** The records are in the buffer: back-pressure ends here. Rejects when they could not get there. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** The brokers have stored them. Rejects as `send` and `sendBatch` do. */
  get delivered(): Promise<T> {
    return this.#delivered.promise;
  }
}
