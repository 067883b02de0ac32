// A topic of a run of chaos, what its writers were told of it, and what may become of its records.
import { forEachRecord, type ReadRecord } from '../broker/read-back';
import { Check, type Verdict, type Violation } from './check';
import { sequenceOf } from './feed';
import { WriteLog } from './write-log';

export class Ledger {
  readonly log = new WriteLog();
  /** Records found when the topic was read back. */
  stored = 0;
  /** Why not everything that was acknowledged could be read. */
  readError: Error | undefined;
  private judged: Verdict | undefined;

  constructor(
    readonly name: string,
    readonly topic: string,
    private readonly excused: readonly Violation[] = [],
  ) {}

  get verdict(): Verdict {
    if (this.judged === undefined) throw new Error(`${this.name}: not read back yet`);
    return this.judged;
  }

  /** Reads the topic back through a client of another make, and judges. */
  async close(brokers: string): Promise<void> {
    const check = new Check(this.log, this.excused);
    const take = ({ partition, offset, key, value }: ReadRecord) =>
      check.take({ partition, offset, key: String(key), sequence: sequenceOf(String(value)) });
    const mayBeLost = this.excused.includes('lost');
    // Committed records are seen a moment after their commit. When they never are, the verdict says which.
    const expectedCount = mayBeLost ? undefined : this.log.count('acknowledged');
    await forEachRecord(brokers, this.topic, take, { expectedCount }).catch((error) => {
      this.readError = error;
    });
    this.stored = check.stored;
    this.judged = check.judge();
  }
}
