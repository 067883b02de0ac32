// The stages a record passes after the call: what single sends and batches have in common.
import type { BufferMemory } from '../buffer/buffer-memory';
import type { Outstanding } from '../delivery/outstanding';
import type { LastBrokerError } from '../delivery/record-failure';
import type { FrameHandover } from '../handover/frame-handover';
import type { TopicDirectory } from '../partition/topic-directory';
import type { RecordRules } from './check-record';

export interface Pipeline<K, V> {
  readonly rules: RecordRules<K, V>;
  readonly topics: TopicDirectory;
  readonly memory: BufferMemory;
  readonly handover: FrameHandover;
  readonly outstanding: Outstanding;
  readonly lastBrokerError: LastBrokerError;
  /** Counts outcomes, and has an eye on what failures say about topics. */
  readonly tally: Tally;
}

export class Tally {
  delivered = 0;
  failed = 0;
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
