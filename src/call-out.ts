// Calls a callback of the caller's from the producer's own business.

/**
 * What the callback throws becomes an uncaught exception, as from any event, and whoever calls goes on: other records'
 * outcomes and the buffer's bytes hang on it.
 */
export function callOut<A extends unknown[]>(callback: (...given: A) => unknown, ...given: A): void {
  try {
    callback(...given);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
