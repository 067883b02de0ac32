// The AbortSignals that callers give.
import { callOut } from '../call-out';

interface Listening {
  readonly waits: Set<() => void>;
  readonly fired: () => void;
}

/** One listener for all that wait by a signal: Node warns of a leak where there are more than ten. */
const listening = new WeakMap<AbortSignal, Listening>();

/**
 * Calls `abort` when the signal has fired, never within another call: it may be the caller's own code that fires it, in the
 * middle of a batch that is being packed. @returns to be called when it need not any more
 */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  const { waits, fired } = listening.get(signal) ?? listenTo(signal);
  waits.add(abort);
  if (signal.aborted) fired();
  return () => {
    if (!waits.delete(abort) || waits.size > 0) return;
    listening.delete(signal);
    callOut(() => signal.removeEventListener('abort', fired));
  };
}

function listenTo(signal: AbortSignal): Listening {
  const waits = new Set<() => void>();
  const fired = () =>
    queueMicrotask(() => {
      for (const abort of waits) abort();
    });
  const listener = { waits, fired };
  listening.set(signal, listener);
  callOut(() => signal.addEventListener('abort', fired, { once: true }));
  return listener;
}
