// Charts as SVG text, drawn by ECharts without a browser.
import type { CustomSeriesRenderItem, EChartsOption } from 'echarts';
import { init } from 'echarts';
import type { Spread } from '../statistics';

export interface Bar {
  name: string;
  spread: Spread;
}

const OWN = '#c2410c';
const OTHER = '#64748b';
const PERCENTILES = ['#94a3b8', '#64748b', '#334155'];
const TEXT = { color: '#1f2937', fontFamily: 'system-ui, sans-serif' };
const WIDTH = 640;
const ROW = 26;
/** Room for clients' names: without a browser, texts cannot be measured well enough to leave it to ECharts. */
const LABELS = 170;

function svg(option: EChartsOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, backgroundColor: '#fff', textStyle: TEXT, ...option });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

const isOwn = (name: string) => name.startsWith('millrace');
export const short = (value: number): string =>
  value >= 1e6
    ? `${(value / 1e6).toFixed(2)} M`
    : value >= 1e4
      ? `${Math.round(value / 1e3)} k`
      : value >= 100
        ? Math.round(value).toLocaleString('en-US')
        : String(Number(value.toPrecision(3)));

/** From the least to the largest trial: a line with ends, over the bar of the median. */
const whisker: CustomSeriesRenderItem = (_params, api) => {
  const row = api.value(0);
  const [left, y] = api.coord([api.value(1), row]) as [number, number];
  const [right] = api.coord([api.value(2), row]) as [number, number];
  const line = (x1: number, y1: number, x2: number, y2: number) => ({
    type: 'line' as const,
    shape: { x1, y1, x2, y2 },
    style: { stroke: '#111827', lineWidth: 1 },
  });
  return {
    type: 'group',
    children: [line(left, y, right, y), line(left, y - 4, left, y + 4), line(right, y - 4, right, y + 4)],
  };
};

/** A bar for each client, the first on top, with the spread of its trials. */
export function barChart(title: string, bars: readonly Bar[], width = WIDTH): string {
  return svg(
    {
      title: { text: title, textStyle: { fontSize: 14, ...TEXT } },
      grid: { left: LABELS, right: 80, top: 36, bottom: 28 },
      xAxis: { type: 'value', axisLabel: { formatter: (value: number) => short(value) }, splitNumber: 4 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: bars.map(({ name }) => name),
        axisTick: { show: false },
      },
      series: [
        {
          type: 'bar',
          barWidth: '60%',
          data: bars.map(({ name, spread }) => ({
            value: spread.median,
            itemStyle: { color: isOwn(name) ? OWN : OTHER },
          })),
        },
        {
          type: 'custom',
          renderItem: whisker,
          data: bars.map(({ spread }, row) => [row, spread.min, spread.max]),
          encode: { x: [1, 2], y: 0 },
        },
        {
          // Behind the whisker's end, where the bar's own label would be crossed by it.
          type: 'custom',
          renderItem: (_params, api) => {
            const [x, y] = api.coord([api.value(1), api.value(0)]) as [number, number];
            return {
              type: 'text',
              style: {
                text: short(Number(api.value(2))),
                x: x + 6,
                y,
                verticalAlign: 'middle',
                fill: TEXT.color,
                font: `12px ${TEXT.fontFamily}`,
              },
            };
          },
          data: bars.map(({ spread }, row) => [row, Math.max(spread.max, spread.median), spread.median]),
          encode: { x: [1], y: 0 },
          clip: false,
        },
      ],
    },
    width,
    bars.length * ROW + 72,
  );
}

export interface PercentileBar {
  name: string;
  /** p50, p95, p99. */
  values: readonly (number | undefined)[];
}

/** Three bars for each client on a logarithmic axis: latencies lie orders of magnitude apart. */
export function percentileChart(title: string, bars: readonly PercentileBar[], width = WIDTH): string {
  return svg(
    {
      title: { text: title, textStyle: { fontSize: 14, ...TEXT } },
      legend: { top: 4, right: 8 },
      color: PERCENTILES,
      grid: { left: LABELS, right: 40, top: 40, bottom: 28 },
      xAxis: { type: 'log', axisLabel: { formatter: (value: number) => short(value) } },
      yAxis: {
        type: 'category',
        inverse: true,
        data: bars.map(({ name }) => name),
        axisTick: { show: false },
      },
      series: ['p50', 'p95', 'p99'].map((name, i) => ({
        type: 'bar',
        name,
        data: bars.map(({ values }) => values[i] ?? null),
      })),
    },
    width,
    bars.length * ROW * 1.6 + 80,
  );
}
