// A helper for services: SIGTERM and SIGINT deliver what was accepted before the process ends.
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { callOut } from './call-out';
import { check, FUNCTION, lookInto, type Rule, readOptions } from './check-given';
import { CLOSE_RULES, type CloseOptions, type CloseReceipt } from './delivery/close-receipt';

export interface CloseOnSignalsOptions<K, V> extends CloseOptions {
  /** Default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[] | undefined;
  /** Called when all is over, before the process ends; waited for. */
  onClosed?: ((receipt: CloseReceipt<K, V>, signal: NodeJS.Signals) => unknown) | undefined;
}

type Listener = (signal: NodeJS.Signals) => unknown;

/** Who waits for a signal. One handler of the process is for all: Node warns of a leak where there are more than ten. */
const listening = new Map<NodeJS.Signals, Set<Listener>>();

function tellAll(signal: NodeJS.Signals): void {
  for (const listener of listening.get(signal) ?? []) listener(signal);
}

function listen(signal: NodeJS.Signals, listener: Listener): void {
  let all = listening.get(signal);
  if (all === undefined) {
    all = new Set();
    listening.set(signal, all);
    process.on(signal, tellAll);
  }
  all.add(listener);
}

function stopListening(signal: NodeJS.Signals, listener: Listener): void {
  const all = listening.get(signal);
  if (!all?.delete(listener) || all.size > 0) return;
  listening.delete(signal);
  process.off(signal, tellAll);
}

/** What `onClosed` has thrown, until the last producer is closed. */
const failures: unknown[] = [];

/** Nobody can listen to these. */
const DEAF: readonly string[] = ['SIGKILL', 'SIGSTOP'];

const SIGNALS: Rule = {
  must: 'a list of names of signals that can be listened to',
  fits: (value) =>
    Array.isArray(value) &&
    value.every((name) => Object.hasOwn(constants.signals, name) && !DEAF.includes(name)),
};

/**
 * Closes the producer on the first signal, then lets the signal do what it does without a handler: it ends the process,
 * unless others listen to it. Further signals meanwhile change nothing.
 * What `onClosed` throws becomes an uncaught exception first.
 * @returns a function that takes the handlers back
 * @throws ConfigError
 */
export function closeOnSignals<K, V>(
  producer: { close(options: CloseOptions): Promise<CloseReceipt<K, V>> },
  options: CloseOnSignalsOptions<K, V> = {},
): () => void {
  check(
    'closeOnSignals: the producer’s close',
    FUNCTION,
    lookInto('closeOnSignals: the producer', () => producer.close),
  );
  if (!isMainThread) {
    process.emitWarning('closeOnSignals has no effect here: signals come to the main thread only');
    return () => {};
  }
  const rules = { ...CLOSE_RULES, signals: SIGNALS, onClosed: FUNCTION };
  const given = readOptions<CloseOnSignalsOptions<K, V>>('closeOnSignals', options, rules);
  const { signals: named = ['SIGTERM', 'SIGINT'], onClosed, ...closing } = given;
  const signals = [...named];
  let isClosing = false;
  const takeBack = () => {
    for (const signal of signals) stopListening(signal, listener);
  };
  const listener = async (signal: NodeJS.Signals): Promise<void> => {
    if (isClosing) return;
    isClosing = true;
    try {
      const receipt = await producer.close(closing);
      await onClosed?.(receipt, signal);
    } catch (cause) {
      failures.push(cause);
    }
    takeBack();
    if (listening.has(signal)) return;
    // Told before the signal ends the process, and when no other producer is closing any more: what is uncaught may end it
    // first.
    for (const failure of failures.splice(0)) {
      callOut(() => {
        throw failure;
      });
    }
    await new Promise(setImmediate);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of signals) listen(signal, listener);
  return takeBack;
}
