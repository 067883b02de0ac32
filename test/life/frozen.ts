// A process that is stopped for longer than brokers are waited for, and goes on.
import { fork } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Outcome {
  value: string;
  ms: number;
  offset?: string;
  error?: string;
}

export interface Thaw {
  /** The record that was on its way while the process stood still: it took as long at least. */
  inFlight: Outcome;
  /** The first one sent afterwards. */
  first: Outcome;
}

export async function freeze(brokers: string, topic: string, frozenMs: number): Promise<Thaw> {
  const requestTimeoutMs = String(Math.ceil(frozenMs / 2));
  const child = fork(path.join(__dirname, 'frozen-producer.cjs'), [brokers, topic, requestTimeoutMs]);
  const outcomes = new Map<string, Outcome>();
  child.on('message', (outcome: Outcome) => outcomes.set(outcome.value, outcome));
  const outcomeOf = async (value: string): Promise<Outcome> => {
    for (;;) {
      const outcome = outcomes.get(value);
      if (outcome !== undefined) return outcome;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error('the producer’s process ended');
      await sleep(5);
    }
  };
  try {
    child.send('before');
    await outcomeOf('before');
    // It stops itself.
    child.send('in flight');
    await sleep(frozenMs);
    child.send('after');
    child.kill('SIGCONT');
    const [inFlight, first] = await Promise.all([outcomeOf('in flight'), outcomeOf('after')]);
    return { inFlight, first };
  } finally {
    child.kill('SIGCONT');
    child.disconnect();
  }
}
