// A thread of a pool: serializes, partitions, packs and hands over by itself, in the order in which batches come.
import { parentPort, workerData } from 'node:worker_threads';
import type { BatchResult } from '../delivery/batch-result';
import { BatchError, MillraceError } from '../errors';
import { Producer } from '../producer';
import type { FailedRecord, FromPoolWorker, PoolWorkerData, ToPoolWorker } from './pool-messages';
import type { AttachOptions } from './producer-handle';
import { fromColumns } from './record-columns';
import { loadWorkerModule } from './worker-module';

const port = parentPort as NonNullable<typeof parentPort>;
const { handle, module: path } = workerData as PoolWorkerData;

async function open(): Promise<Producer<unknown, unknown>> {
  const made = (await loadWorkerModule(path)) as AttachOptions<unknown, unknown>;
  return Producer.attach<unknown, unknown>(handle, made);
}

function tell(message: FromPoolWorker, moved: ArrayBuffer[] = []): void {
  port.postMessage(message, moved);
}

function tellOutcome(id: number, result: BatchResult, failed: FailedRecord[], microseconds: number): void {
  // Copies: the report they lie in may be several batches'.
  const partitions = result.partitions.slice();
  const offsets = result.offsets.slice();
  const timestamps = result.timestamps.slice();
  tell({ id, outcome: { partitions, offsets, timestamps, failed, microseconds } }, [
    partitions.buffer as ArrayBuffer,
    offsets.buffer as ArrayBuffer,
    timestamps.buffer as ArrayBuffer,
  ]);
}

async function main(): Promise<void> {
  const opening = open();
  const waiting: ToPoolWorker[] = [];
  let receive = (message: ToPoolWorker): void => void waiting.push(message);
  port.on('message', (message) => receive(message));
  let producer: Producer<unknown, unknown>;
  try {
    producer = await opening;
  } catch (error) {
    const code = error instanceof MillraceError ? error.code : 'WORKER_FAILED';
    tell({ useless: { code, message: error instanceof Error ? error.message : String(error) } });
    port.close();
    return;
  }
  receive = (message) => {
    if ('close' in message) {
      void producer.close().finally(() => port.close());
      return;
    }
    const { id, topic, columns } = message;
    const started = performance.now();
    const sent = producer.sendBatch(fromColumns(columns, topic));
    const microseconds = (performance.now() - started) * 1_000;
    sent.then(
      (result) => tellOutcome(id, result, [], microseconds),
      (error: BatchError | MillraceError) => {
        if (error instanceof BatchError) {
          const failed = error.errors.map(({ index, code, message: text, persisted, retriable }) => {
            return { index, code, message: text, persisted, retriable };
          });
          tellOutcome(id, error.result, failed, microseconds);
          return;
        }
        const { code = 'WORKER_FAILED', message: text, retriable = false } = error;
        const failed = Array.from({ length: columns.count }, (_, index): FailedRecord => {
          return { index, code, message: text, persisted: 'no', retriable };
        });
        const nowhere = {
          partitions: new Int32Array(columns.count).fill(-1),
          offsets: new BigInt64Array(columns.count).fill(-1n),
          timestamps: new Float64Array(columns.count).fill(-1),
        };
        tell({ id, outcome: { ...nowhere, failed, microseconds } });
      },
    );
  };
  for (const message of waiting) receive(message);
}

void main();
