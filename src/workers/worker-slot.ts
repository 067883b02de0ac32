// One place in a pool: a thread, and another when that one has gone. What is given to a place is done in its order.
import { Worker } from 'node:worker_threads';
import type { BatchRecord } from '../intake/record';
import type { FromPoolWorker, PartOutcome, PoolWorkerData, ToPoolWorker } from './pool-messages';
import { toColumns } from './record-columns';
import { workerEntry } from './worker-entry';

/** Why a thread gave no outcome. `persisted`: whether some records may have been handed over all the same. */
export interface SlotFailure {
  code: string;
  message: string;
  persisted: 'no' | 'possibly';
}

interface Part {
  resolve(outcome: PartOutcome): void;
  reject(failure: SlotFailure): void;
}

export class WorkerSlot {
  readonly #data: PoolWorkerData;
  readonly #parts = new Map<number, Part>();
  #nextId = 0;
  #worker: Worker | undefined;
  /** Threads begun so far. */
  started = 0;

  constructor(data: PoolWorkerData) {
    this.#data = data;
  }

  /** Resolves with what became of the records; rejects with a SlotFailure. */
  send(topic: string, records: readonly BatchRecord<unknown, unknown>[]): Promise<PartOutcome> {
    return new Promise((resolve, reject) => {
      const moved: ArrayBuffer[] = [];
      const id = this.#nextId++;
      const message: ToPoolWorker = { id, topic, columns: toColumns(records, moved) };
      const worker = this.#running();
      try {
        worker.postMessage(message, moved);
      } catch (error) {
        // What cannot be cloned, such as a function.
        const reason = error instanceof Error ? error.message : String(error);
        reject({
          code: 'INVALID_RECORD',
          message: `cannot go to another thread: ${reason}`,
          persisted: 'no',
        });
        return;
      }
      if (this.#parts.size === 0) worker.ref();
      this.#parts.set(id, { resolve, reject });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
    });
    worker.postMessage({ close: true } satisfies ToPoolWorker);
    await ended;
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(workerEntry('workers/pool-worker'), { workerData: this.#data });
    this.started++;
    let failure: SlotFailure = {
      code: 'WORKER_FAILED',
      message: 'the thread that had it ended',
      persisted: 'possibly',
    };
    worker.on('message', (message: FromPoolWorker) => {
      if ('useless' in message) {
        failure = { ...message.useless, persisted: 'no' };
        this.#failAll(worker, failure);
        return;
      }
      const part = this.#parts.get(message.id);
      this.#parts.delete(message.id);
      if (this.#parts.size === 0) worker.unref();
      part?.resolve(message.outcome);
    });
    worker.on('error', (error) => {
      failure = { ...failure, message: `the thread that had it failed: ${error.message}` };
    });
    worker.on('exit', (code) => {
      this.#failAll(
        worker,
        code === 0 ? failure : { ...failure, message: `${failure.message} (code ${code})` },
      );
    });
    // Records on their way keep the process alive, an idle thread does not.
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  /** What the thread had in hand fails; the next record gets a new thread. */
  #failAll(worker: Worker, failure: SlotFailure): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    for (const part of parts) part.reject(failure);
  }
}
