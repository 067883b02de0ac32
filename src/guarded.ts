// The caller's listeners, called so that what they throw harms nobody else.

/**
 * Calls `listener`. The first error that it throws, or that a promise it returns rejects with, goes to `failed`; after
 * that it is not called again.
 */
export function guarded<T>(
  listener: ((value: T) => unknown) | undefined,
  failed: (cause: unknown) => void,
): (value: T) => void {
  let isOver = listener === undefined;
  const end = (cause: unknown) => {
    if (isOver) return;
    isOver = true;
    failed(cause);
  };
  return (value) => {
    if (isOver) return;
    try {
      const result = listener?.(value);
      if (result instanceof Promise) result.catch(end);
    } catch (cause) {
      end(cause);
    }
  };
}
