// The AbortSignals that callers give.
import { callOut } from '../call-out';
import { ConfigError, describeValue } from '../errors';

/** Before anything is counted: who cannot listen to it would never be told. @throws ConfigError */
export function checkSignal(call: string, signal: unknown): void {
  if (signal === undefined || isSignal(signal)) return;
  throw new ConfigError(`${call}: signal must be an AbortSignal, got ${describeValue(signal)}`);
}

// By what it can do: a signal may come from another realm, or from a library.
function isSignal(value: unknown): value is AbortSignal {
  try {
    const { aborted, addEventListener, removeEventListener } = value as AbortSignal;
    return (
      typeof aborted === 'boolean' &&
      typeof addEventListener === 'function' &&
      typeof removeEventListener === 'function'
    );
  } catch {
    return false;
  }
}

/** Calls `abort` when the signal fires, never within this call. @returns to be called when it need not any more */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  if (signal.aborted) queueMicrotask(abort);
  callOut(() => signal.addEventListener('abort', abort, { once: true }));
  return () => callOut(() => signal.removeEventListener('abort', abort));
}
