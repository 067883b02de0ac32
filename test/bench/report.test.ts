// Reports of a run whose figures are known.
import { describe, expect, it } from 'vitest';
import { barChart, short } from '../../bench/report/charts';
import { html } from '../../bench/report/html';
import { markdown } from '../../bench/report/markdown';
import { overview } from '../../bench/report/overview';
import { summarize } from '../../bench/report/run-results';
import { markdownTable, rowsOf } from '../../bench/report/table';
import { verdicts } from '../../bench/report/targets';
import { fixedRun, series, trial, usualRun } from './fixed-run';

describe('figures', () => {
  it('are medians with their spread', () => {
    const summary = summarize(usualRun.series[0]!)!;
    expect(summary.recordsPerSecond).toEqual({ median: 1_000_000, min: 900_000, max: 1_200_000 });
    expect(summary.cpuUsPerRecord?.median).toBeCloseTo(0.45);
    expect(summary.megabytesPerSecond.median).toBeCloseTo(111);
    expect(summary.loopBusyPercent?.median).toBeCloseTo(40);
  });

  it('are missing where the client cannot tell', () => {
    expect(summarize(usualRun.series[1]!)?.loopDelayP99Ms).toBeUndefined();
    expect(summarize(usualRun.series[3]!)?.p50Ms).toBeUndefined();
    expect(summarize(usualRun.series[4]!)).toBeUndefined();
  });
});

describe('the table', () => {
  const rows = rowsOf(usualRun.series);

  it('has medians, the rate’s spread, and the rate beside millrace’s', () => {
    expect(rows[0]).toEqual({
      client: 'millrace',
      cells: [
        '1,000,000',
        '900,000–1,200,000',
        '111.0',
        '0.45',
        '10.00',
        '30.00',
        '2.0',
        '40',
        '150',
        '1.00',
      ],
    });
    expect(rows[1]).toMatchObject({ cells: expect.arrayContaining(['500,000', '0.50', '–']) });
  });

  it('tells how many trials did not count, and why a contender has none', () => {
    expect(rows[2]?.client).toBe('node-rdkafka (1 of 2 trials failed)');
    expect(rows[4]).toMatchObject({ why: expect.stringContaining('needs Node >= 22.22') });
    const none = rowsOf([series('millrace', [], { failures: ['lost a record\nwith a trace'] })]);
    expect(none).toEqual([{ client: 'millrace', why: 'no valid trial: lost a record' }]);
  });

  it('is a table in Markdown whatever a reason contains', () => {
    const lines = markdownTable(usualRun.series).split('\n');
    expect(lines).toHaveLength(2 + usualRun.series.length);
    for (const line of lines) expect(line.split('|')).toHaveLength(13);
  });
});

describe('the targets', () => {
  it('are ratios of medians to the best of those named', () => {
    const reached = verdicts(usualRun);
    const of = (what: string) => reached.find((verdict) => verdict.what === what);
    expect(of('rate × franz-go')).toMatchObject({ reached: 2, target: '≥ 1.3', met: true });
    expect(of('rate × best Node peer')).toMatchObject({ reached: 4, target: '≥ 6', met: false });
    expect(of('CPU a record × franz-go')?.reached).toBeCloseTo(0.45);
    expect(of('event-loop delay p99, ms')).toMatchObject({ reached: 2, target: '≤ 5', met: true });
  });

  it('are left out where there is nobody to compare with', () => {
    const reached = verdicts(fixedRun([series('franz-go', [trial(1, 1)]), series('c-loop', [trial(1, 1)])]));
    expect(reached).toEqual([]);
    expect(verdicts(usualRun).map(({ what }) => what)).not.toContain('rate × C loop');
  });

  it('take the lowest latency for the best', () => {
    const at = (contender: string, p50: number) =>
      series(contender, [trial(1000, 1, { latencyMs: { p50, p95: p50, p99: p50 } })], {
        workload: 'single-1',
      });
    const run = fixedRun([at('millrace', 0.3), at('kafkajs', 0.6), at('node-rdkafka', 1.2)]);
    expect(verdicts(run)).toMatchObject([
      { what: 'p50 × best Node peer', reached: 0.5, met: true },
      { what: 'p99 × best Node peer', reached: 0.5, met: true },
    ]);
  });

  it('want memory and CPU to stay as they are while the records grow', () => {
    const at = (workload: string, rssPeak: number) =>
      series('millrace', [trial(1000, 1, { rssPeak })], { workload });
    const run = fixedRun([at('growth-1e6', 100e6), at('growth-1e8', 120e6)]);
    expect(verdicts(run)).toMatchObject([
      { what: 'RSS at 10⁸ records × at 10⁶', reached: 1.2, met: false },
      { what: 'CPU a record at 10⁸ records × at 10⁶', reached: 1, met: true },
    ]);
  });
});

describe('documents', () => {
  it('results.md names machine, cluster, date, versions and every workload', () => {
    const text = markdown(usualRun);
    for (const part of [
      '2026-11-23',
      'A <fast> CPU',
      'Apache Kafka 4.1.1',
      'client 1.2.3',
      '## `batch-100`',
      '## Targets',
    ])
      expect(text).toContain(part);
  });

  it('the HTML file has charts and tables and loads nothing', () => {
    const text = html(usualRun);
    expect(text).toContain('A &lt;fast&gt; CPU');
    expect(text.match(/<svg/g)).toHaveLength(5);
    expect(text).toContain('1,000,000');
    // A namespace is a name, not an address to load from.
    const addresses = (text.match(/https?:[^"' )]*/g) ?? []).filter(
      (url) => !url.startsWith('http://www.w3.org/'),
    );
    expect(addresses).toEqual([]);
    expect(text).not.toMatch(/<(script|link|img)/);
  });

  it('the overview shows every client that has figures, the fastest first', () => {
    const picture = overview(usualRun)!;
    const places = ['millrace', 'franz-go', 'node-rdkafka-no-reports', 'node-rdkafka<'].map((name) =>
      picture.indexOf(name),
    );
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(picture).not.toContain('platformatic');
    expect(overview(fixedRun([series('millrace', [])]))).toBeUndefined();
  });

  it('a chart’s bars are as long as their figures', () => {
    const bars = [2_000_000, 1_000_000].map((median, i) => ({
      name: `client-${i}`,
      spread: { median, min: median, max: median },
    }));
    const widths = [
      ...barChart('title', bars).matchAll(/<path d="M(\d+\.?\d*) [\d.]+l(\d+\.?\d*) 0[^>]*fill="#64748b"/g),
    ];
    expect(widths).toHaveLength(2);
    expect(Number(widths[0]![2]) / Number(widths[1]![2])).toBeCloseTo(2, 1);
  });

  it.each([
    [1_234_567, '1.23 M'],
    [45_678, '46 k'],
    [4567.8, '4,568'],
    [0.4512, '0.451'],
    [0, '0'],
  ])('%d is short for %s', (value, text) => {
    expect(short(value)).toBe(text);
  });
});
