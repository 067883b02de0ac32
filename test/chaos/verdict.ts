// What a run of chaos has to answer for, in lines: none is a good run.
import type { ChaosFigures, FaultFigures } from './chaos-run';
import type { Ledger } from './ledger';

/** Where the rate was not steady for this long before a fault, the machine is too busy to tell what the fault did to it. */
const CALM_WITHIN_MS = 1_000;

/** What must never happen, a line for each kind that did. */
export function brokenPromises({ ledgers, unhandledRejections }: ChaosFigures): string[] {
  return [
    ...Object.values(ledgers).flatMap(({ name, verdict }: Ledger) =>
      verdict.describe().map((line) => `${name}: ${line}`),
    ),
    ...Object.values(ledgers).flatMap(({ name, readError }: Ledger) =>
      readError === undefined ? [] : [`${name}: ${readError}`],
    ),
    ...(unhandledRejections > 0 ? [`${unhandledRejections} unhandled rejections`] : []),
  ];
}

/** Why the run could not have found much, though it found nothing. */
export function emptiness({ ledgers }: ChaosFigures): string[] {
  const { strict, hasty, transactional, doomed } = ledgers;
  const least: [string, number, number][] = [
    [`acknowledged of ${strict.name}`, strict.log.count('acknowledged'), 5_000],
    [`acknowledged of ${hasty.name}`, hasty.log.count('acknowledged'), 1_000],
    [`acknowledged of ${transactional.name}`, transactional.log.count('acknowledged'), 500],
    [`aborted of ${transactional.name}`, transactional.log.count('aborted'), 50],
    [`acknowledged of ${doomed.name}`, doomed.log.count('acknowledged'), 100],
  ];
  const failed = strict.log.sent - strict.log.count('acknowledged');
  return [
    ...least.filter(([, count, wanted]) => count < wanted).map(([what, count]) => `only ${count} ${what}`),
    // They may take a minute, longer than any fault on a machine that is fast enough. When one times out, it and its
    // neighbours may be stored twice, as those of the hasty writer.
    ...(failed > 0 ? [`${failed} ${strict.name} were not acknowledged`] : []),
  ];
}

/** Faults after which the rate was not back in time, as far as the machine lets one tell. */
export function slowRecoveries(faults: readonly FaultFigures[], withinMs: number): string[] {
  return faults
    .filter((fault) => tells(fault) && !(fault.recoveredMs !== undefined && fault.recoveredMs <= withinMs))
    .map(({ name, recoveredMs }) => `${name}: the rate was back ${inWords(recoveredMs)}`);
}

/** Faults whose recovery tells nothing, since the machine had not kept up before either. */
export function untold(faults: readonly FaultFigures[]): number {
  return faults.filter((fault) => !tells(fault)).length;
}

function tells({ calmMs }: FaultFigures): boolean {
  return calmMs !== undefined && calmMs <= CALM_WITHIN_MS;
}

export function inWords(recoveredMs: number | undefined): string {
  return recoveredMs === undefined ? 'not within a minute' : `after ${(recoveredMs / 1_000).toFixed(1)} s`;
}
