// A run as one HTML file that needs nothing beside it: tables and charts.
import type { Spread } from '../statistics';
import { barChart, percentileChart } from './charts';
import { about, METHOD } from './markdown';
import { type RunResults, type Series, type Summary, summarize, versionsOf } from './run-results';
import { COLUMNS, rowsOf } from './table';
import { cellsOf, VERDICT_COLUMNS, verdicts } from './verdicts';

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2937; max-width: 1320px; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { border: 1px solid #d1d5db; padding: .25rem .6rem; text-align: right }
th:first-child, td:first-child, .text td { text-align: left }
.charts { display: flex; flex-wrap: wrap; gap: 1rem }
.no { color: #b91c1c }`;

const BARS: readonly [title: string, pick: (summary: Summary) => Spread | undefined][] = [
  ['Records a second', ({ recordsPerSecond }) => recordsPerSecond],
  ['CPU a record, µs', ({ cpuUsPerRecord }) => cpuUsPerRecord],
  ['Event-loop delay p99, ms', ({ loopDelayP99Ms }) => loopDelayP99Ms],
  ['RSS peak, MB', ({ rssPeakMb }) => rssPeakMb],
];

/** The charts of one workload: those for which some client has figures. */
function chartsOf(series: readonly Series[]): string[] {
  const summaries = series.flatMap((one) => {
    const summary = summarize(one);
    return summary === undefined ? [] : [{ name: one.contender, summary }];
  });
  const charts = BARS.flatMap(([title, pick]) => {
    const bars = summaries.flatMap(({ name, summary }) => {
      const spread = pick(summary);
      return spread === undefined ? [] : [{ name, spread }];
    });
    return bars.length === 0 ? [] : [barChart(title, bars)];
  });
  const latencies = summaries
    .filter(({ summary }) => summary.p50Ms !== undefined)
    .map(({ name, summary: { p50Ms, p95Ms, p99Ms } }) => ({
      name,
      values: [p50Ms, p95Ms, p99Ms].map((spread) => spread?.median),
    }));
  if (latencies.length > 0) charts.splice(2, 0, percentileChart('Latency of a call, ms', latencies));
  return charts;
}

function tableOf(series: readonly Series[]): string {
  const head = COLUMNS.map((column) => `<th>${escaped(column)}</th>`).join('');
  const rows = rowsOf(series).map((row) =>
    'cells' in row
      ? `<tr><td>${escaped(row.client)}</td>${row.cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`
      : `<tr class="text"><td>${escaped(row.client)}</td><td colspan="${COLUMNS.length - 1}">${escaped(row.why)}</td></tr>`,
  );
  return `<table><tr>${head}</tr>${rows.join('\n')}</table>`;
}

function targetsOf(run: RunResults): string {
  const rows = verdicts(run).map((verdict) => {
    const cells = cellsOf(verdict).map((cell) => `<td>${escaped(cell)}</td>`);
    return `<tr${verdict.met === false ? ' class="no"' : ''}>${cells.join('')}</tr>`;
  });
  if (rows.length === 0) return '';
  const head = VERDICT_COLUMNS.map((column) => `<th>${column}</th>`).join('');
  return `<h2>Targets</h2><table><tr>${head}</tr>${rows.join('\n')}</table>`;
}

export function html(run: RunResults): string {
  const sections = run.workloads.map(({ name, title, settings }) => {
    const series = run.series.filter((one) => one.workload === name);
    const charts = chartsOf(series).map((chart) => `<figure>${chart}</figure>`);
    return `<h2 id="${escaped(name)}">${escaped(name)}: ${escaped(title)}</h2><p>${escaped(settings)}.</p>
${tableOf(series)}<div class="charts">${charts.join('\n')}</div>`;
  });
  const points = [...about(run), ...METHOD].map((text) => `<li>${escaped(text)}</li>`).join('\n');
  const clients = run.contenders.map(
    ({ name, note }) =>
      `<tr><td>${escaped(name)}</td><td>${escaped(versionsOf(run, name))}</td><td>${escaped(note)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Millrace benchmark, ${escaped(run.date)}</title><style>${STYLE}</style></head>
<body><h1>Millrace benchmark, ${escaped(run.date)}</h1><ul>${points}</ul>
<table class="text"><tr><th>client</th><th>versions</th><th>notes</th></tr>${clients.join('\n')}</table>
${targetsOf(run)}
${sections.join('\n')}
</body></html>
`;
}
