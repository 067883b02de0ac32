// One workload's figures as rows of text, and those as Markdown.
import type { Spread } from '../statistics';
import { type Series, type Summary, summarize } from './run-results';

export const COLUMNS = [
  'client',
  'records/s',
  'min–max',
  'MB/s',
  'CPU µs/record',
  'p50 ms',
  'p99 ms',
  'loop delay p99 ms',
  'loop busy %',
  'RSS peak MB',
  '× millrace',
] as const;

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const digits = (spread: Spread | undefined, count: number) =>
  spread === undefined ? '–' : spread.median.toFixed(count);

/** The client's name and, where it has figures, the other columns; else the reason why it has none. */
export type Row = { client: string; cells: string[] } | { client: string; why: string };

export function rowsOf(series: readonly Series[]): Row[] {
  const millrace = series.find(({ contender }) => contender === 'millrace');
  const reference = millrace && summarize(millrace);
  return series.map((one) => {
    const summary = summarize(one);
    if (summary === undefined) {
      const why = one.missing ?? `no valid trial: ${one.failures[0] ?? 'none was run'}`;
      return { client: one.contender, why: why.split('\n')[0]! };
    }
    const lost = one.failures.length;
    const failed = lost > 0 ? ` (${lost} of ${lost + one.trials.length} trials failed)` : '';
    return { client: one.contender + failed, cells: cellsOf(summary, reference) };
  });
}

function cellsOf(summary: Summary, millrace: Summary | undefined): string[] {
  const { recordsPerSecond: rate } = summary;
  return [
    whole(rate.median),
    `${whole(rate.min)}–${whole(rate.max)}`,
    digits(summary.megabytesPerSecond, 1),
    digits(summary.cpuUsPerRecord, 2),
    digits(summary.p50Ms, 2),
    digits(summary.p99Ms, 2),
    digits(summary.loopDelayP99Ms, 1),
    digits(summary.loopBusyPercent, 0),
    digits(summary.rssPeakMb, 0),
    millrace === undefined ? '–' : (rate.median / millrace.recordsPerSecond.median).toFixed(2),
  ];
}

/** Padded so that a terminal shows it as well. */
export function markdownTable(series: readonly Series[]): string {
  const lines = rowsOf(series).map((row) =>
    'cells' in row
      ? [row.client, ...row.cells]
      : // A reason may be long: it is not measured for the columns' widths, and runs over those beside it.
        [row.client, row.why.replaceAll('|', '/'), ...COLUMNS.slice(2).map(() => '')],
  );
  const figures = COLUMNS.map((_, column) => column).slice(1);
  return alignedTable([[...COLUMNS], ...lines], figures, (cells, column) => column === 0 || cells[2] !== '');
}

/** In Markdown, columns padded to their widest cell of those that `measured` lets count; `right` are aligned so. */
export function alignedTable(
  [head, ...rows]: readonly [string[], ...string[][]],
  right: readonly number[],
  measured: (cells: readonly string[], column: number) => boolean = () => true,
): string {
  const widths = head.map((_, column) =>
    Math.max(
      3,
      ...[head, ...rows].filter((cells) => measured(cells, column)).map((cells) => cells[column]!.length),
    ),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.map((text, i) =>
      right.includes(i) ? text.padStart(widths[i]!) : text.padEnd(widths[i]!),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rules = widths.map((width, i) =>
    right.includes(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), `| ${rules.join(' | ')} |`, ...rows.map(line)].join('\n');
}
