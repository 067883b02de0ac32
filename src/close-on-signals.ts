// A helper for services: SIGTERM and SIGINT deliver what was accepted before the process ends.
import { type CloseOptions, type CloseReceipt, checkCloseTime } from './delivery/close-receipt';

export interface CloseOnSignalsOptions<K, V> extends CloseOptions {
  /** Default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
  /** Called when all is over, before the process ends; waited for. */
  onClosed?: (receipt: CloseReceipt<K, V>, signal: NodeJS.Signals) => unknown;
}

/**
 * Closes the producer on the first signal, then lets the signal do what it does without a handler: it ends the process,
 * unless others listen to it. Further signals meanwhile change nothing.
 * @returns a function that takes the handlers back
 * @throws ConfigError for a `timeoutMs` that close would not take
 */
export function closeOnSignals<K, V>(
  producer: { close(options: CloseOptions): Promise<CloseReceipt<K, V>> },
  { signals = ['SIGTERM', 'SIGINT'], onClosed, ...options }: CloseOnSignalsOptions<K, V> = {},
): () => void {
  // Now: when the signal comes it is too late to be told.
  if (options.timeoutMs !== undefined) checkCloseTime('closeOnSignals', options.timeoutMs);
  let closing = false;
  const takeBack = () => {
    for (const signal of signals) process.off(signal, listener);
  };
  const listener = async (signal: NodeJS.Signals): Promise<void> => {
    if (closing) return;
    closing = true;
    try {
      const receipt = await producer.close(options);
      await onClosed?.(receipt, signal);
    } finally {
      takeBack();
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    }
  };
  for (const signal of signals) process.on(signal, listener);
  return takeBack;
}
