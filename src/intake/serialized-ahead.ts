// Where a serializer answers with a promise, the rest of the batch is serialized too, so that promises are kept side by
// side: what has been made of the records meanwhile.
import { RecordError } from '../errors';
import type { BatchRecords } from './batch-records';
import type { CheckedRecord, RecordRules } from './check-record';
import { asRecordError } from './invalid-record';

export class SerializedAhead<K, V> {
  readonly #records: BatchRecords<K, V>;
  readonly #rules: RecordRules<K, V>;
  /** By index in the batch. */
  #made: (CheckedRecord | RecordError)[] = [];

  constructor(records: BatchRecords<K, V>, rules: RecordRules<K, V>) {
    this.#records = records;
    this.#rules = rules;
  }

  get any(): boolean {
    return this.#made.length > 0;
  }

  /** @throws RecordError for a record that could not be serialized */
  at(index: number): CheckedRecord | undefined {
    const made = this.#made[index];
    if (made instanceof RecordError) throw made;
    return made;
  }

  /** Serializes the records from this one on, unless it is given as it was made. Resolves when all promises have settled. */
  serializeFrom(index: number, made?: CheckedRecord): Promise<unknown> {
    const promises: Promise<void>[] = [];
    for (let i = index; i < this.#records.count; i++) {
      try {
        const record = i === index && made !== undefined ? made : this.#records.check(i, this.#rules);
        this.#made[i] = record;
        if (record.pending === undefined) continue;
        promises.push(
          record.pending.kept.catch((error) => {
            this.#made[i] = asRecordError(error, i);
          }),
        );
      } catch (error) {
        this.#made[i] = asRecordError(error, i);
      }
    }
    return Promise.all(promises);
  }

  /** Puts an error in the place of each record that has promises open. */
  giveUpPending(errorOf: (topic: string, field: 'key' | 'value', index: number) => RecordError): void {
    this.#made.forEach((made, index) => {
      if (made instanceof RecordError || made.pending === undefined) return;
      this.#made[index] = errorOf(made.topic, made.pending.field, index);
    });
  }

  forget(): void {
    this.#made = [];
  }
}
