// The stages a record passes after the call: what single sends and batches have in common.
import type { BufferMemory } from '../buffer/buffer-memory';
import type { Outstanding } from '../delivery/outstanding';
import type { Tally } from '../delivery/tally';
import type { BrokerHealth } from '../delivery/timeout-stage';
import type { FrameHandover } from '../handover/frame-handover';
import type { TopicDirectory } from '../partition/topic-directory';
import type { SerializationOrder } from '../serialize/serialization-order';
import type { RecordRules } from './check-record';

export interface Pipeline<K, V> {
  readonly rules: RecordRules<K, V>;
  readonly topics: TopicDirectory;
  readonly memory: BufferMemory;
  readonly handover: FrameHandover;
  readonly outstanding: Outstanding;
  readonly serializing: SerializationOrder;
  readonly health: BrokerHealth;
  readonly tally: Tally;
}

/**
 * What a record counts for in `bufferMemory` beside its bytes: librdkafka's message, the addon's slot, and for a
 * single send its promise.
 */
export const RECORD_OVERHEAD_BYTES = 256;
export const SINGLE_SEND_OVERHEAD_BYTES = 512;

/** A frame is handed over when it holds this much, so that librdkafka works while the rest is packed. */
export const FRAME_RECORDS = 4096;
export const FRAME_BYTES = 512 << 10;
