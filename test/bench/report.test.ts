// Reports of a run whose figures are known.
import { describe, expect, it } from 'vitest';
import { contenders } from '../../bench/contenders/list';
import { barChart, short } from '../../bench/report/charts';
import { html } from '../../bench/report/html';
import { markdown } from '../../bench/report/markdown';
import { overview } from '../../bench/report/overview';
import { type Series, summarize } from '../../bench/report/run-results';
import { markdownTable, rowsOf } from '../../bench/report/table';
import { TARGETS } from '../../bench/report/targets';
import { cellsOf, murmur2Verdicts, verdicts } from '../../bench/report/verdicts';
import type { TrialResult } from '../../bench/trial';
import { workloads } from '../../bench/workloads';
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

  it('are left out where their workload or their contender is', () => {
    const reached = verdicts(fixedRun([series('franz-go', [trial(1, 1)]), series('c-loop', [trial(1, 1)])]));
    expect(reached).toEqual([]);
    expect(new Set(verdicts(usualRun).map(({ workload }) => workload))).toEqual(new Set(['batch-100']));
  });

  it('say who was not there to be compared with, and that a best of some is not certain', () => {
    const at = (contender: string, given: Partial<Series>, ...trials: TrialResult[]) =>
      series(contender, trials, { workload: 'single-100', ...given });
    const run = fixedRun([
      at('millrace', {}, trial(400, 1)),
      at('kafkajs', {}, trial(100, 1)),
      at('confluent', { missing: 'not installed (npm install --prefix somewhere)' }),
      at('platformatic-kafka', { failures: ['lost a record'] }),
    ]);
    const [verdict] = verdicts(run).filter(({ workload }) => workload === 'single-100');
    expect(verdict).toMatchObject({ reached: 4, met: true });
    expect(cellsOf(verdict!).slice(3)).toEqual([
      '4.00',
      'yes, so far',
      'node-rdkafka: not in this run; platformatic-kafka: no valid trial; confluent: not installed',
    ]);
    const slower = { ...verdict!, reached: 2, met: false };
    expect(cellsOf(slower).slice(3, 5)).toEqual(['2.00', 'no']);
  });

  it('are not measured where nobody they name was there, or their own contender has no figures', () => {
    const alone = verdicts(usualRun).find(({ what }) => what === 'rate × C loop')!;
    expect(alone).toMatchObject({
      reached: undefined,
      met: undefined,
      absent: [{ name: 'c-loop', why: 'not in this run' }],
    });
    expect(cellsOf(alone).slice(3)).toEqual(['–', 'not measured', 'c-loop: not in this run']);
    const failed = fixedRun([
      series('millrace', [], { failures: ['lost a record'] }),
      series('franz-go', [trial(1, 1)]),
    ]);
    expect(verdicts(failed).find(({ what }) => what === 'rate × franz-go')).toMatchObject({
      met: undefined,
      absent: [{ name: 'millrace', why: 'no valid trial' }],
    });
  });

  it('compare with another workload, and with other entries of Millrace', () => {
    const at = (contender: string, workload: string, perSecond: number, delay = 1, busy = 0.4) =>
      series(
        contender,
        [trial(perSecond, 1, { eventLoopDelayMs: { p99: delay, max: delay }, eventLoopBusy: busy })],
        { workload },
      );
    const run = fixedRun([
      at('millrace', 'batch-100', 1000),
      at('millrace-kafkajs', 'batch-100', 850),
      at('kafkajs', 'batch-100', 50),
      at('millrace', 'paced', 400, 1, 0.55),
      at('millrace', 'headers', 700),
      at('millrace', 'single-1000', 500),
      at('millrace-kafkajs', 'single-1000', 310),
      at('kafkajs', 'single-1000', 10),
      at('millrace', 'json-to-avro', 100),
      at('millrace-pool', 'json-to-avro', 140, 11),
    ]);
    const reached = Object.fromEntries(
      verdicts(run).map(({ workload, what, reached, met }) => [
        `${workload}: ${what}`,
        [reached && Number(reached.toFixed(3)), met],
      ]),
    );
    expect(reached).toMatchObject({
      'batch-100: rate × kafkajs': [20, true],
      'batch-100: millrace-kafkajs: rate × millrace': [0.85, false],
      'batch-100: millrace-kafkajs: rate × kafkajs': [17, true],
      'single-1000: millrace-kafkajs: rate × kafkajs': [31, true],
      'paced: rate × full rate': [0.4, false],
      'paced: JavaScript thread busy, %': [55, false],
      'headers: rate × without headers': [0.7, true],
      'json-to-avro: pool: rate × inline': [1.4, true],
      'json-to-avro: pool: event-loop delay p99, ms': [11, false],
    });
  });

  it('are about workloads and contenders that there are', () => {
    const about = TARGETS.flatMap(({ workload, against }) => [workload, against?.workload ?? workload]);
    const of = TARGETS.flatMap(({ contender = 'millrace', against }) => [
      contender,
      ...(against?.contenders ?? []),
    ]);
    expect(workloads.map(({ name }) => name)).toEqual(expect.arrayContaining([...new Set(about)]));
    expect(contenders.map(({ name }) => name)).toEqual(expect.arrayContaining([...new Set(of)]));
  });

  it('hold hashing from JavaScript against hashing in C++', () => {
    expect(murmur2Verdicts(8, 30)).toMatchObject([
      { target: '≤ 10', reached: 8, met: true },
      { target: '≤ 3', reached: 3.75, met: false },
    ]);
    expect(murmur2Verdicts(undefined, 30)).toMatchObject([
      { met: undefined, absent: [{ name: 'C++ loop', why: 'not run' }] },
      { met: undefined, absent: [{ name: 'C++ loop', why: 'not run' }] },
    ]);
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

  it('name who was missing where versions stand, and who was left out', () => {
    const run = { ...usualRun, leftOut: ['confluent', 'java-perf'] };
    for (const text of [markdown(run), html(run)]) {
      expect(text).toContain('Left out of this run: confluent, java-perf.');
      expect(text).toMatch(/platformatic-kafka[ |<>/td]+not run: needs Node/);
      expect(text).toContain('c-loop: not in this run');
    }
    expect(markdown(usualRun)).not.toContain('Left out');
    const rows = markdown(usualRun).match(/^\| platformatic-kafka +\|.*$/gm)!;
    expect(rows.map((row) => row.split('|').length)).toEqual([5, 13]);
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
