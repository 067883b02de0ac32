// What a module makes of records, in a pool's threads and in the caller's alike.
import { describeValue, MillraceError, messageOf } from '../errors';
import type { Partitioner } from '../partition/partitioner';
import type { Serializer } from '../serialize/serializer';
import { loadFunction, type ModulePath } from './load-module';

/** The module's export is called with `options`, once in each thread, and returns a WorkerModule or its promise. */
export interface WorkerModulePath extends ModulePath {
  /** Structured-cloneable. */
  readonly options?: unknown;
}

/** Any of these; what is missing is as in a producer without that option. */
export interface WorkerModule<K = unknown, V = unknown> {
  keySerializer?: Serializer<K> | undefined;
  valueSerializer?: Serializer<V> | undefined;
  partitioner?: Partitioner<K, V> | undefined;
}

/** @throws MillraceError MODULE_FAILED */
export async function loadWorkerModule(path: WorkerModulePath): Promise<WorkerModule> {
  const make = await loadFunction(path);
  let made: unknown;
  try {
    made = await make(path.options);
  } catch (cause) {
    throw new MillraceError(`module ${path.module} failed: ${messageOf(cause)}`, 'MODULE_FAILED', { cause });
  }
  if (made !== null && typeof made === 'object') {
    const { keySerializer, valueSerializer, partitioner } = made as WorkerModule;
    return Object.fromEntries(
      Object.entries({ keySerializer, valueSerializer, partitioner }).filter(
        ([, part]) => part !== undefined,
      ),
    );
  }
  throw new MillraceError(
    `module ${path.module} must return an object with serializers or a partitioner, got ${describeValue(made)}`,
    'MODULE_FAILED',
  );
}
