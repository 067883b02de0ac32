// The AbortSignals that callers give.
import { callOut } from '../call-out';

/** Calls `abort` when the signal fires, never within this call. @returns to be called when it need not any more */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  if (signal.aborted) queueMicrotask(abort);
  callOut(() => signal.addEventListener('abort', abort, { once: true }));
  return () => callOut(() => signal.removeEventListener('abort', abort));
}
