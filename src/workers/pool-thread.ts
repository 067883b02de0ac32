// The threads of the pool, which all of a process's producers share. Each is a Piscina of one thread: Piscina gives a task
// to whichever thread is free, but a key's records must meet the same one, in the order of the calls.
import { Piscina } from 'piscina';
import { messageOf } from '../errors';
import type { BatchRecord } from '../intake/record';
import { type PoolFailure, staysHere } from './pool-failure';
import type { PartOutcome, PoolUser, SendTask } from './pool-messages';
import { type RecordColumns, toColumns } from './record-columns';
import { workerEntry } from './worker-entry';

/** From a thread's beginning to its end. */
interface Life {
  readonly piscina: Piscina;
  /** Users that it has served, and so need not open again. */
  readonly knows: Set<number>;
  /** `performance.now()`: when it last told an outcome, or got something to do. */
  heardAt: number;
  inHand: number;
  /** Why it was ended by us. */
  endedBecause: string | undefined;
}

export class PoolThread {
  static readonly #all: PoolThread[] = [];

  #life: Life | undefined;
  #users = 0;
  /** Lives begun so far. */
  started = 0;

  /** So many threads, the same for everybody. Who takes them must leave each of them in the end. */
  static take(count: number): PoolThread[] {
    const all = PoolThread.#all;
    while (all.length < count) all.push(new PoolThread());
    const taken = all.slice(0, count);
    for (const thread of taken) thread.#users++;
    return taken;
  }

  /** Resolves with what became of the records; rejects with a PoolFailure. */
  async send(
    user: PoolUser,
    topic: string,
    records: readonly BatchRecord<unknown, unknown>[],
  ): Promise<PartOutcome> {
    const moved: ArrayBuffer[] = [];
    const columns = readColumns(records, moved);
    this.#life ??= this.#begin();
    const life = this.#life;
    const { longestSilenceMs } = user;
    if (life.inHand++ === 0) life.heardAt = performance.now();
    // A serializer that never comes back must not keep anybody waiting for good.
    const watch = setInterval(() => {
      if (performance.now() - life.heardAt >= longestSilenceMs) {
        this.#end(life, `it said nothing for ${longestSilenceMs} ms`);
      }
    }, longestSilenceMs / 2);
    try {
      const task: SendTask = {
        user: user.id,
        opening: life.knows.has(user.id) ? undefined : user,
        topic,
        columns,
      };
      const outcome: PartOutcome = await life.piscina.run(task, { name: 'send', transferList: moved });
      life.knows.add(user.id);
      return outcome;
    } catch (reason) {
      throw reason instanceof Error ? this.#failure(life, reason) : reason;
    } finally {
      life.heardAt = performance.now();
      life.inHand--;
      clearInterval(watch);
    }
  }

  /** Ends the thread, and with it whatever it has in hand. The next batch begins another. */
  end(because: string): void {
    if (this.#life !== undefined) this.#end(this.#life, because);
  }

  #end(life: Life, because: string): void {
    life.endedBecause ??= because;
    if (this.#life === life) this.#life = undefined;
    void life.piscina.destroy();
  }

  /** The thread ends with its last user. What was sent to it must have been settled. */
  async leave({ id }: PoolUser): Promise<void> {
    // Where the thread ends first, so does the user's producer there.
    await this.#life?.piscina.run(id, { name: 'close' }).catch(() => {});
    this.#users--;
    if (this.#users > 0 || this.#life === undefined) return;
    const { piscina } = this.#life;
    this.#life = undefined;
    await piscina.destroy();
  }

  #begin(): Life {
    const piscina = new Piscina({
      filename: workerEntry('workers/pool-worker'),
      name: 'send',
      minThreads: 1,
      maxThreads: 1,
      // All that comes is given to the thread at once: nothing is ever in Piscina's own queue.
      concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
      // A thread that waits for tasks must hear of acknowledgements meanwhile.
      atomics: 'disabled',
      recordTiming: false,
    });
    const life: Life = { piscina, knows: new Set(), heardAt: 0, inHand: 0, endedBecause: undefined };
    // One life each: what is sent next begins another, and waits for no thread that failed before it was ready.
    piscina.on('workerDestroy', () => {
      if (this.#life === life) this.#life = undefined;
      void piscina.destroy();
    });
    // Of a thread that had nothing in hand: nobody is to be told.
    piscina.on('error', () => {});
    this.started++;
    return life;
  }

  #failure(life: Life, { message }: Error): PoolFailure {
    // The thread goes on: the records never left this one.
    if (this.#life === life) return staysHere(message);
    return {
      code: 'WORKER_FAILED',
      message: `the thread that had it ended: ${life.endedBecause ?? message}`,
      persisted: 'possibly',
    };
  }
}

/** Getters may throw anything. @throws PoolFailure */
function readColumns(records: readonly BatchRecord<unknown, unknown>[], moved: ArrayBuffer[]): RecordColumns {
  try {
    return toColumns(records, moved);
  } catch (error) {
    throw staysHere(messageOf(error));
  }
}
