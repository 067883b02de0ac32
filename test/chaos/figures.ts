// The figures of a run of chaos, in words.
import type { ChaosFigures, FaultFigures } from './chaos-run';
import type { Violation } from './check';
import type { Ledger } from './ledger';

/** Rows of a Markdown table, as docs/reliability.md has them. */
export function figureLines(figures: ChaosFigures): string[] {
  const { ledgers, faults } = figures;
  const { strict, hasty, transactional, doomed } = ledgers;
  const all = Object.values(ledgers) as Ledger[];
  const sum = (of: (ledger: Ledger) => number) => all.reduce((total, ledger) => total + of(ledger), 0);
  const found = (kind: Violation, of: readonly Ledger[]) =>
    of.reduce((total, { verdict }) => total + verdict.count(kind), 0);
  const rows: [string, string | number][] = [
    ['seconds, all told', figures.seconds.toFixed(0)],
    ['faults', faults.length],
    ['records sent', sum(({ log }) => log.sent)],
    ['acknowledged', sum(({ log }) => log.count('acknowledged'))],
    ['failed, and said not to be stored', sum(({ log }) => log.count('failed'))],
    ['failed, and perhaps stored', sum(({ log }) => log.count('unsure'))],
    ['of a transaction that was aborted', sum(({ log }) => log.count('aborted'))],
    ['read back', sum(({ stored }) => stored)],
    ['partitions at the end', figures.partitions],
    ['**acknowledged lost**', found('lost', [strict, hasty, transactional])],
    ['**duplicates**', found('duplicate', [strict, transactional, doomed])],
    ['**order violations**', found('disorder', all)],
    ['**stored, though said not to be**', found('denied', all) + found('aborted', all)],
    ['**promises open**', found('open', all)],
    ['**promises late**', found('late', all)],
    ['**unhandled rejections**', figures.unhandledRejections],
    ['latest settlement', `${percent(Math.max(...all.map(({ log }) => log.latest)))} of the time allowed`],
    ['duplicates where records timed out', found('duplicate', [hasty])],
  ];
  return [
    ...table(['figure', ''], rows),
    '',
    ...table(
      ['fault', 'times', 'lasted at most, s', 'rate back after, s: median', 'at most', 'after nothing'],
      byFault(faults),
    ),
  ];
}

function byFault(faults: readonly FaultFigures[]): (string | number)[][] {
  return [...new Set(faults.map(({ name }) => name))].sort().map((name) => {
    const ofName = faults.filter((fault) => fault.name === name);
    const recoveries = sorted(ofName.map(({ recoveredMs }) => recoveredMs));
    const calms = sorted(ofName.map(({ calmMs }) => calmMs));
    return [
      name,
      ofName.length,
      seconds(Math.max(...ofName.map(({ lastedMs }) => lastedMs))),
      seconds(recoveries[Math.floor(recoveries.length / 2)]),
      seconds(recoveries[recoveries.length - 1]),
      seconds(calms[calms.length - 1]),
    ];
  });
}

function sorted(milliseconds: readonly (number | undefined)[]): number[] {
  return milliseconds.map((ms) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function seconds(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? (milliseconds / 1_000).toFixed(1) : 'over 60';
}

function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
