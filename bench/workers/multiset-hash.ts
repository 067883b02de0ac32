// Whether two heaps of lines are the same, in whatever order they lie: the sum of the lines' digests.
import { createHash } from 'node:crypto';

const LANES = 4;

export class MultisetHash {
  /** Each wraps around by itself. */
  readonly #sums = new Uint32Array(LANES);
  count = 0;

  add(line: Uint8Array): void {
    const digest = createHash('md5').update(line).digest();
    for (let lane = 0; lane < LANES; lane++) this.#sums[lane] += digest.readUInt32LE(4 * lane);
    this.count++;
  }

  toString(): string {
    const sums = Array.from(this.#sums, (sum) => sum.toString(16).padStart(8, '0'));
    return `${this.count} lines, ${sums.join('')}`;
  }
}
