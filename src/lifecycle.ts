// A producer's states and the legal ways between them.
import { EndableWaits } from './endable-waits';
import { MillraceError } from './errors';

export type LifecycleState = 'new' | 'open' | 'closing' | 'closed';

export class Lifecycle<Receipt> {
  readonly #open: () => void;
  #state: LifecycleState = 'new';
  #closing: Promise<Receipt> | undefined;
  /** Those that closing ends. */
  readonly #waits = new EndableWaits<void>();

  /** @param open runs the first time that it is needed; throws when it cannot be done */
  constructor(open: () => void) {
    this.#open = open;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** Whether it takes nothing more. */
  get ended(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** @throws MillraceError PRODUCER_CLOSED when it is too late; what opening throws */
  ensureOpen(): void {
    if (this.#state === 'open') return;
    if (this.#state !== 'new') throw closedError();
    this.#open();
    this.#state = 'open';
  }

  /** What `work` settles with, unless closing begins before. @throws (rejects with) MillraceError PRODUCER_CLOSED */
  whileOpen<T>(work: Promise<T>): Promise<T> {
    return this.#waits.orEnd(work, closedError);
  }

  /** Runs `close` once; every later call waits for the first. */
  close(close: (wasOpen: boolean) => Promise<Receipt>): Promise<Receipt> {
    if (this.#closing === undefined) {
      const wasOpen = this.#state === 'open';
      this.#state = 'closing';
      this.#waits.end();
      this.#closing = close(wasOpen).finally(() => {
        this.#state = 'closed';
      });
    }
    return this.#closing;
  }
}

export function closedError(): MillraceError {
  return new MillraceError('the producer is closed', 'PRODUCER_CLOSED');
}
