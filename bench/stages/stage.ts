// One stage of a record's way, measured alone, as it is shipped: run from `src` by tsx, each use of what another file exports
// is the call of a getter, and packing a record would seem to take twice as long.

export interface Stage {
  group: string;
  name: string;
  /** Records (or keys) that one run is about. */
  records: number;
  /** May give back the milliseconds to be counted, where some of the run is only preparation. */
  run(): unknown;
}

/** A whole program that measures itself: what it printed, in ns a key, or why it did not run. */
export interface Program {
  group: string;
  name: string;
  measure(): Promise<number>;
  missing?(): string | undefined;
}

export const RECORDS = 1000;
