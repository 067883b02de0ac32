// Compares what writers were told with what is stored. Promises made, promises kept: nothing else is looked at, so that
// it judges any writer.
import type { SentRecord, WriteLog } from './write-log';

/** A record as an independent reader found it. Those of one partition must come in the order of their offsets. */
export interface StoredRecord {
  partition: number;
  offset: bigint;
  key: string;
  sequence: number;
}

export const VIOLATIONS = {
  lost: 'acknowledged, but not stored',
  duplicate: 'stored more than once',
  disorder: 'stored behind a later record of its key',
  misplaced: 'stored elsewhere than the acknowledgement said',
  denied: 'stored, though its failure said that it was not',
  aborted: 'readable, though its transaction was aborted',
  foreign: 'stored, but never sent',
  open: 'never settled',
  late: 'settled after its deadline',
  settledAgain: 'settled twice',
} as const;

export type Violation = keyof typeof VIOLATIONS;

/** At most this many of each kind are told one by one. */
const EXAMPLES = 10;

export class Verdict {
  private readonly found = new Map<Violation, { count: number; examples: string[] }>();

  /** @param excused what may happen here: it is counted, and no more */
  constructor(private readonly excused: readonly Violation[]) {}

  /** How often a kind of violation was found, excused or not. */
  count(kind: Violation): number {
    return this.found.get(kind)?.count ?? 0;
  }

  get clean(): boolean {
    return this.describe().length === 0;
  }

  /** A line for each kind found that has no excuse, with the first of them. */
  describe(): string[] {
    return [...this.found]
      .filter(([kind]) => !this.excused.includes(kind))
      .map(([kind, { count, examples }]) => `${count} ${VIOLATIONS[kind]}: ${examples.join('; ')}`);
  }

  add(kind: Violation, example: string, times = 1): void {
    if (times === 0) return;
    const entry = this.found.get(kind) ?? { count: 0, examples: [] };
    entry.count += times;
    if (entry.examples.length < EXAMPLES) entry.examples.push(example);
    this.found.set(kind, entry);
  }
}

/** Takes the stored records one by one, then judges the log. */
export class Check {
  private readonly seen = new Map<string, Sightings>();
  /** By partition and key: the highest sequence number so far. A key changes partitions when its topic grows. */
  private readonly highest = new Map<string, number>();
  private readonly verdict: Verdict;
  stored = 0;

  constructor(
    private readonly log: WriteLog,
    excused: readonly Violation[] = [],
  ) {
    this.verdict = new Verdict(excused);
  }

  take(record: StoredRecord): void {
    const { partition, offset, key, sequence } = record;
    this.stored++;
    const outcome = this.log.outcome(key, sequence);
    if (outcome === undefined) {
      this.verdict.add('foreign', nameOf(record));
      return;
    }
    const ofKey = this.seen.get(key) ?? { partitions: [], offsets: [] };
    this.seen.set(key, ofKey);
    if (ofKey.offsets[sequence] !== undefined) {
      this.verdict.add('duplicate', `${nameOf(record)}, before at ${placeOf(ofKey, sequence)}`);
      return;
    }
    ofKey.partitions[sequence] = partition;
    ofKey.offsets[sequence] = Number(offset);
    const place = `${partition} ${key}`;
    const highest = this.highest.get(place) ?? -1;
    if (sequence < highest) this.verdict.add('disorder', `${nameOf(record)}, behind ${highest}`);
    else this.highest.set(place, sequence);
    if (outcome === 'failed') this.verdict.add('denied', nameOf(record));
    if (outcome === 'aborted') this.verdict.add('aborted', nameOf(record));
  }

  /** To be called once everything stored has been taken. */
  judge(): Verdict {
    for (const record of this.log.records()) {
      if (record.outcome === 'open') this.verdict.add('open', nameOf(record));
      if (record.outcome === 'acknowledged') this.checkAcknowledged(record);
    }
    this.verdict.add(
      'late',
      `the latest took ${(100 * this.log.latest).toFixed(0)} % of its time`,
      this.log.late,
    );
    this.verdict.add('settledAgain', 'which ones was not noted', this.log.settledAgain);
    return this.verdict;
  }

  private checkAcknowledged(record: SentRecord): void {
    const seen = this.seen.get(record.key);
    if (seen?.offsets[record.sequence] === undefined) {
      this.verdict.add('lost', nameOf(record));
    } else if (
      record.offset >= 0n &&
      (seen.offsets[record.sequence] !== Number(record.offset) ||
        seen.partitions[record.sequence] !== record.partition)
    ) {
      this.verdict.add('misplaced', `${nameOf(record)}, found at ${placeOf(seen, record.sequence)}`);
    }
  }
}

/** Where each sequence number of a key was first seen: in columns, as there may be millions. */
interface Sightings {
  partitions: number[];
  offsets: number[];
}

function placeOf({ partitions, offsets }: Sightings, sequence: number): string {
  return `${partitions[sequence]}/${offsets[sequence]}`;
}

function nameOf({ key, sequence, partition, offset }: StoredRecord): string {
  return `${key} ${sequence} at ${partition}/${offset}`;
}
