// What writers were told: every record they sent, by key and sequence number, and how its promise ended.
// A record takes about 23 bytes, so that hours of writing fit into memory.

export type Outcome =
  /** The promise is open. */
  | 'open'
  | 'acknowledged'
  /** It failed, and is said not to have been stored. */
  | 'failed'
  /** It failed, and may have been stored. */
  | 'unsure'
  /** Its transaction was aborted. */
  | 'aborted';

const OUTCOMES: readonly Outcome[] = ['open', 'acknowledged', 'failed', 'unsure', 'aborted'];

/** Where an acknowledgement says that the record is. */
export interface Position {
  partition: number;
  /** -1n: not told. */
  offset: bigint;
}

export interface SentRecord extends Position {
  key: string;
  sequence: number;
  outcome: Outcome;
}

export class WriteLog {
  private readonly keys = new Map<string, KeyLog>();
  private readonly counts = new Map<Outcome, number>(OUTCOMES.map((outcome) => [outcome, 0]));
  /** Promises that settled more than once. */
  settledAgain = 0;
  /** Promises that settled after their deadline. */
  late = 0;
  /** The longest time to a settlement, as a part of the time it was allowed. */
  latest = 0;

  /** Notes a record about to be sent, whose promise must settle within `deadlineMs`. Returns its sequence number. */
  send(key: string, deadlineMs: number): number {
    let log = this.keys.get(key);
    if (log === undefined) {
      log = new KeyLog();
      this.keys.set(key, log);
    }
    this.add('open', 1);
    return log.add(performance.now(), deadlineMs);
  }

  settle(
    key: string,
    sequence: number,
    outcome: Exclude<Outcome, 'open'>,
    position: Position = { partition: -1, offset: -1n },
  ): void {
    const log = this.keys.get(key) as KeyLog;
    if (log.outcomes[sequence] !== 0) {
      this.settledAgain++;
      return;
    }
    log.outcomes[sequence] = OUTCOMES.indexOf(outcome);
    log.partitions[sequence] = position.partition;
    log.offsets[sequence] = Number(position.offset);
    this.add('open', -1);
    this.add(outcome, 1);
    const allowed = log.deadlines[sequence];
    const part = (performance.now() - log.sentAt[sequence]) / allowed;
    this.latest = Math.max(this.latest, part);
    if (part > 1) this.late++;
  }

  count(outcome: Outcome): number {
    return this.counts.get(outcome) as number;
  }

  get sent(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Undefined for a record that nobody sent. */
  outcome(key: string, sequence: number): Outcome | undefined {
    const log = this.keys.get(key);
    if (log === undefined || !(sequence >= 0 && sequence < log.length)) return undefined;
    return OUTCOMES[log.outcomes[sequence]];
  }

  *records(): Generator<SentRecord> {
    for (const [key, log] of this.keys) {
      for (let sequence = 0; sequence < log.length; sequence++) {
        yield {
          key,
          sequence,
          outcome: OUTCOMES[log.outcomes[sequence]],
          partition: log.partitions[sequence],
          offset: BigInt(log.offsets[sequence]),
        };
      }
    }
  }

  private add(outcome: Outcome, count: number): void {
    this.counts.set(outcome, this.count(outcome) + count);
  }
}

/** The records of one key, in columns that grow. */
class KeyLog {
  length = 0;
  outcomes = new Uint8Array(64);
  partitions = new Int16Array(64);
  offsets = new Float64Array(64);
  sentAt = new Float64Array(64);
  deadlines = new Float32Array(64);

  add(sentAt: number, deadlineMs: number): number {
    if (this.length === this.outcomes.length) this.grow();
    this.sentAt[this.length] = sentAt;
    this.deadlines[this.length] = deadlineMs;
    return this.length++;
  }

  private grow(): void {
    const size = 2 * this.length;
    this.outcomes = grown(this.outcomes, new Uint8Array(size));
    this.partitions = grown(this.partitions, new Int16Array(size));
    this.offsets = grown(this.offsets, new Float64Array(size));
    this.sentAt = grown(this.sentAt, new Float64Array(size));
    this.deadlines = grown(this.deadlines, new Float32Array(size));
  }
}

function grown<A extends Uint8Array | Int16Array | Float32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
