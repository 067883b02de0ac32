// The caller's listeners, called so that what they throw harms nobody else.

import { isPromise } from 'node:util/types';

/**
 * Calls `listener`. The first error that it throws, or that a promise it returns rejects with, goes to `failed`; after
 * that it is not called again. Returns when to go on, where the listener returned a promise.
 */
export function guarded<T>(
  listener: ((value: T) => unknown) | undefined,
  failed: (cause: unknown) => void,
): (value: T) => Promise<unknown> | undefined {
  let isOver = listener === undefined;
  const end = (cause: unknown) => {
    if (isOver) return;
    isOver = true;
    failed(cause);
  };
  return (value) => {
    if (isOver) return undefined;
    try {
      const result = listener?.(value);
      return isPromise(result) ? result.catch(end) : undefined;
    } catch (cause) {
      end(cause);
      return undefined;
    }
  };
}
