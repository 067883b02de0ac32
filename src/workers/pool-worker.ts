// What a thread of the pool does: serializes, partitions, packs and hands over by itself, in the order in which batches
// come. Piscina calls what is exported here.
import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { BatchResult } from '../delivery/batch-result';
import { BatchError } from '../errors';
import { Producer } from '../producer';
import { type FailedRecord, failedRecord, failureOf } from './pool-failure';
import type { PartOutcome, PoolUser, SendTask } from './pool-messages';
import type { AttachOptions } from './producer-handle';
import { fromColumns } from './record-columns';
import { loadWorkerModule } from './worker-module';

type AnyProducer = Producer<unknown, unknown>;

/** Attached to the producer of each user that has sent something. */
const producers = new Map<number, Promise<AnyProducer>>();

/** @throws PoolFailure */
export async function send({ user, opening, topic, columns }: SendTask): Promise<PartOutcome> {
  let microseconds = 0;
  try {
    const producer = await producerOf(user, opening);
    const started = performance.now();
    const sent = producer.sendBatch(fromColumns(columns, topic));
    microseconds = (performance.now() - started) * 1_000;
    return outcomeOf(await sent, [], microseconds);
  } catch (error) {
    if (!(error instanceof BatchError)) throw failureOf(error);
    return outcomeOf(error.result, error.errors.map(failedRecord), microseconds);
  }
}

/** Ends what the user has here. */
export async function close(user: number): Promise<void> {
  const producer = await producers.get(user);
  producers.delete(user);
  await producer?.close();
}

function producerOf(user: number, opening: PoolUser | undefined): Promise<AnyProducer> {
  let producer = producers.get(user);
  if (producer === undefined) {
    producer = open(opening as PoolUser);
    producers.set(user, producer);
    // The next batch tries again.
    producer.catch(() => producers.delete(user));
  }
  return producer;
}

async function open({ handle, module }: PoolUser): Promise<AnyProducer> {
  const made = (await loadWorkerModule(module)) as AttachOptions<unknown, unknown>;
  return Producer.attach<unknown, unknown>(handle, made);
}

function outcomeOf(result: BatchResult, failed: FailedRecord[], microseconds: number): PartOutcome {
  // Copies: the report they lie in may be several batches'.
  const partitions = result.partitions.slice();
  const offsets = result.offsets.slice();
  const timestamps = result.timestamps.slice();
  const timestampTypes = result.timestampTypes.slice();
  const outcome: PartOutcome = { partitions, offsets, timestamps, timestampTypes, failed, microseconds };
  return move({
    [transferableSymbol]: [partitions.buffer, offsets.buffer, timestamps.buffer, timestampTypes.buffer],
    [valueSymbol]: outcome,
  }) as unknown as PartOutcome;
}
