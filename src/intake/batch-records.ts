// The records of one batch as its caller gave them, and the topic of each.
import { describeValue, RecordError } from '../errors';
import { type CheckedRecord, checkRecord, type RecordRules } from './check-record';
import { topicOf } from './invalid-record';
import type { BatchRecord, ProducerRecord } from './record';

export class BatchRecords<K, V> {
  readonly all: readonly BatchRecord<K, V>[];
  readonly count: number;
  /** Of records that name none. */
  readonly defaultTopic: string | undefined;
  /** Of the record looked at last. As long as there is only one, nothing is kept of each. */
  topicName = '';
  #topicNames: string[] | undefined;

  /** @throws RecordError INVALID_RECORD for what is no array */
  constructor(records: readonly BatchRecord<K, V>[], defaultTopic: string | undefined) {
    this.all = records;
    this.count = countOf(records);
    this.defaultTopic = defaultTopic;
  }

  /** @throws RecordError as `checkRecord` */
  check(index: number, rules: RecordRules<K, V>): CheckedRecord {
    return checkRecord(this.all[index], index, rules, this.defaultTopic);
  }

  /** Of a record not looked at yet. */
  topicOf(index: number): string {
    return topicOf(() => this.all[index], this.defaultTopic);
  }

  /** Of the records from this one on, each once. */
  topicsFrom(begin: number): string[] {
    const topics = new Set<string>();
    for (let i = begin; i < this.count; i++) topics.add(this.topicOf(i));
    return [...topics];
  }

  /** The record at this index, and those that follow until another is named, are of this topic. */
  name(index: number, topic: string): void {
    if (index > 0) this.#topicNames ??= new Array<string>(this.count).fill(this.topicName, 0, index);
    this.topicName = topic;
  }

  /** The records from `begin` to before `end` have been looked at. */
  passed(begin: number, end: number): void {
    this.#topicNames?.fill(this.topicName, begin, end);
  }

  /** Of a record that has been looked at. It holds nothing of the caller's. */
  get nameAt(): (index: number) => string {
    const names = this.#topicNames;
    const only = this.topicName;
    return names === undefined ? () => only : (index) => names[index];
  }

  /** As the caller would have sent it by itself. */
  complete(index: number): ProducerRecord<K, V> {
    try {
      const record = this.all[index];
      if (record.topic !== undefined) return record as ProducerRecord<K, V>;
      return { ...record, topic: this.defaultTopic as string };
    } catch {
      // Its getters, which once gave what was sent, throw by now.
      return { topic: this.nameAt(index) };
    }
  }
}

/** How many records a batch has. @throws RecordError INVALID_RECORD for what is no array, or hides its length */
export function countOf(records: unknown): number {
  let count: unknown;
  try {
    count = Array.isArray(records) ? records.length : undefined;
  } catch {
    // A proxy that has been revoked, or throws.
  }
  if (Number.isInteger(count) && (count as number) >= 0 && (count as number) < 2 ** 32)
    return count as number;
  throw new RecordError(
    `sendBatch takes an array of records, got ${describeValue(records)}`,
    'INVALID_RECORD',
  );
}
