// Serializing in the caller's thread: a producer that shares the client, with the module's serializers.
import type { BatchResult } from '../delivery/batch-result';
import { MillraceError } from '../errors';
import type { BatchRecord } from '../intake/record';
import { closedError } from '../lifecycle';
import { type Pause, pause } from '../pause';
import type { ModeChoice } from './mode-choice';
import { toColumns } from './record-columns';
import { loadWorkerModule, type WorkerModulePath } from './worker-module';

/** What a hand-over costs is found out with so many records. */
const PROBE_RECORDS = 100;

export interface InlineProducer {
  sendBatch(
    records: readonly BatchRecord<unknown, unknown>[],
    options: { topic: string },
  ): Promise<BatchResult>;
  close(): Promise<unknown>;
}

export class InlineSender {
  readonly #module: WorkerModulePath;
  readonly #maxBlockMs: number;
  readonly #attach: (module: object) => InlineProducer;
  #producer: Promise<InlineProducer> | undefined;
  /** Rejects when the producer has closed and waits no longer. */
  readonly #overdue: Promise<never>;
  #giveUp = () => {};

  constructor(
    { module, export: name, options }: WorkerModulePath,
    maxBlockMs: number,
    attach: (module: object) => InlineProducer,
  ) {
    this.#module = { module, export: name, options };
    this.#maxBlockMs = maxBlockMs;
    this.#attach = attach;
    this.#overdue = new Promise((_, reject) => {
      this.#giveUp = () => reject(closedError());
    });
    this.#overdue.catch(() => {});
  }

  /** The producer, loaded with the first call, or why there is none: MODULE_FAILED, or PRODUCER_CLOSED once given up. */
  async producer(): Promise<InlineProducer | MillraceError> {
    let patience: Pause | undefined;
    if (this.#producer === undefined) {
      patience = pause(this.#maxBlockMs);
      this.#producer = Promise.race([
        loadWorkerModule(this.#module).then(this.#attach),
        this.#overdue,
        patience.over.then(() => {
          const message = `module ${this.#module.module} has not settled within maxBlockMs (${this.#maxBlockMs} ms)`;
          throw new MillraceError(message, 'MODULE_FAILED');
        }),
      ]);
    }
    try {
      return await this.#producer;
    } catch (error) {
      // The next batch tries again.
      this.#producer = undefined;
      if (error instanceof MillraceError) return error;
      throw error;
    } finally {
      patience?.cancel();
    }
  }

  /** Has whoever waits for the module told that the producer is closed. */
  giveUp(): void {
    this.#giveUp();
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined);
    await producer?.close();
  }
}

/** What serializing costs here, and handing over would. */
export function sendInline(
  producer: InlineProducer,
  topic: string,
  records: readonly BatchRecord<unknown, unknown>[],
  choice: ModeChoice,
  mayGoElsewhere: boolean,
): Promise<BatchResult> {
  const started = performance.now();
  const sent = producer.sendBatch(records, { topic });
  choice.measuredInline((performance.now() - started) * 1_000, Math.max(records.length, 1));
  if (choice.wantsProbe && mayGoElsewhere && records.length > 0) probe(records, choice);
  return sent;
}

/** Cloning takes as long as handing over, and then as long again on the other side. */
function probe(records: readonly BatchRecord<unknown, unknown>[], choice: ModeChoice): void {
  const some = records.slice(0, PROBE_RECORDS);
  try {
    // Twice, because the first time is compiled.
    for (let i = 0; i < 2; i++) {
      const started = performance.now();
      const moved: ArrayBuffer[] = [];
      structuredClone(toColumns(some, moved), { transfer: moved });
      if (i === 1) choice.measuredHandOver(((performance.now() - started) * 1_000) / 2, some.length);
    }
  } catch {
    // What cannot be cloned stays here.
    choice.measuredHandOver(Number.POSITIVE_INFINITY, 1);
  }
}
