// What a caller may say beside the records, and who is called back.
import { NAME, readOptions, SIGNAL } from '../check-given';
import type { RecordMetadata } from '../delivery/record-metadata';
import type { MillraceError } from '../errors';
import type { BatchExtras } from './batch-send';

export interface SendOptions {
  /**
   * Ends a wait for serializers, for the topic's partitions or for the buffer, with ABORTED. What is accepted is not called
   * back; with a signal that has fired before the call nothing is accepted.
   */
  signal?: AbortSignal | undefined;
}

export interface BatchOptions extends SendOptions {
  /** The topic of records that name none. */
  topic: string;
}

const SEND_RULES = { signal: SIGNAL };
const BATCH_RULES = { ...SEND_RULES, topic: NAME };

/** Of a call for one record. @throws ConfigError for an option that does not exist, or cannot have its value */
export function sendExtras(call: string, options: SendOptions | undefined): BatchExtras | undefined {
  return options === undefined ? undefined : readOptions<SendOptions>(call, options, SEND_RULES);
}

/** Of a call for many. @throws ConfigError for an option that does not exist, or cannot have its value */
export function batchExtras(
  call: string,
  options: Partial<BatchOptions> | undefined,
): BatchExtras | undefined {
  return options === undefined ? undefined : readOptions<Partial<BatchOptions>>(call, options, BATCH_RULES);
}

/** Called once, as Node's callbacks are: with the error, or with null and the metadata. */
export type DeliveryCallback = (error: MillraceError | null, metadata: RecordMetadata | undefined) => void;
