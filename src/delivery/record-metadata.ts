// What became of one delivered record.

export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NotAvailable';

/** By librdkafka's rd_kafka_timestamp_type_t. */
export const TIMESTAMP_TYPES: readonly TimestampType[] = ['NotAvailable', 'CreateTime', 'LogAppendTime'];

export class RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1n when the broker did not tell: with `acks: 0`, and after some retries of an idempotent producer. */
  readonly offset: bigint;
  /** Milliseconds since the epoch, as stored: the record's own, or the broker's where the topic says LogAppendTime. */
  readonly timestamp: number;
  readonly timestampType: TimestampType;

  constructor(
    topic: string,
    partition: number,
    offset: bigint,
    timestamp: number,
    timestampType: TimestampType,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.timestampType = timestampType;
  }
}
