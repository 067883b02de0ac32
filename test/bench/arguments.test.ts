// What the benchmark's command line means.
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BenchArguments, benchCommand, lengthOf, parseArguments } from '../../bench/arguments';
import type { Contender } from '../../bench/contenders/contender';
import { contenders } from '../../bench/contenders/list';
import { paceOf } from '../../bench/pace';
import { type Workload, workloads } from '../../bench/workloads';
import { series, trial } from './fixed-run';

function parse(...argv: string[]): BenchArguments {
  const command = benchCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return parseArguments(argv, contenders, workloads, command);
}

const namesOf = (all: (Workload | Contender)[]) => all.map(({ name }) => name);

describe('without options', () => {
  it('five trials of every contender in the core workloads, on the embedded cluster', () => {
    const run = parse();
    expect(run).toMatchObject({ trials: 5, warmupSeconds: 2, seconds: 6, kafka: false, write: false });
    expect(run.brokers).toBeUndefined();
    expect(run.contenders).toEqual(contenders);
    expect(run.workloads.length).toBeGreaterThan(3);
    expect(run.workloads.every(({ set }) => set === 'core')).toBe(true);
  });
});

describe('the report', () => {
  it('goes where git does not look, or where it is told to', () => {
    expect(path.resolve(parse().html)).toBe(
      path.join(__dirname, '..', '..', 'bench', 'results', 'report.html'),
    );
    expect(parse('--html', 'mine.html').html).toBe('mine.html');
  });
});

describe('the choice', () => {
  it('--quick is three short trials, and single figures may differ from it', () => {
    expect(parse('--quick')).toMatchObject({ trials: 3, warmupSeconds: 1, seconds: 2 });
    expect(parse('--quick', '--trials', '1', '--seconds', '0.5')).toMatchObject({ trials: 1, seconds: 0.5 });
  });

  it('--only and --workload take names in any order and keep the order of the lists', () => {
    const run = parse('--only', 'kafkajs,millrace', '--workload', 'single-1,growth-1e5,batch-100');
    expect(namesOf(run.contenders)).toEqual(['millrace', 'kafkajs']);
    expect(namesOf(run.workloads)).toEqual(['batch-100', 'single-1', 'growth-1e5']);
  });

  it('--all leaves out what takes long, --long adds it', () => {
    expect(namesOf(parse('--all').workloads)).toContain('topics-1000');
    expect(namesOf(parse('--all').workloads)).not.toContain('sustained');
    expect(namesOf(parse('--long').workloads)).toContain('sustained');
    expect(parse('--all', '--long').workloads).toEqual(workloads);
  });

  it.each([
    [['--only', 'millrace,nobody'], 'There is no contender nobody'],
    [['--workload', 'batch-7'], 'There is no workload batch-7'],
    [['--workload', 'keyless,paced'], 'paced takes its pace from batch-100: name both'],
    [['--trials', '0'], 'must be a number above 0'],
    [['--seconds', 'long'], 'must be a number above 0'],
    [['--linger', '-1'], 'must be a number of 0 or more'],
    [['--kafka', '--brokers', 'localhost:9092'], 'exclude each other'],
    [['--fast'], "unknown option '--fast'"],
  ])('%j is refused', (argv, message) => {
    expect(() => parse(...argv)).toThrow(message);
  });
});

describe('the pace', () => {
  const paced = workloads.find(({ name }) => name === 'paced')!;

  it('is half the median that the same client reached before, in every run that has it', () => {
    const full = [
      series('millrace', [trial(900_000, 1), trial(1_600_000, 1), trial(1_500_000, 1)]),
      series('kafkajs', [trial(80_000, 1)]),
      series('confluent', [], { missing: 'not installed' }),
    ];
    expect(paceOf(paced, 'millrace', full)).toBe(750_000);
    expect(paceOf(paced, 'kafkajs', full)).toBe(40_000);
    expect(paceOf(paced, 'confluent', full)).toBeUndefined();
    expect(paceOf(workloads.find(({ name }) => name === 'keyless')!, 'millrace', full)).toBeUndefined();
  });

  it('is known by the time it is needed', () => {
    const order = namesOf(parse().workloads);
    expect(order).toContain('paced');
    for (const { name, pace } of workloads)
      if (pace) expect(order.indexOf(pace.of)).toBeLessThan(order.indexOf(name));
  });
});

describe('how long a trial is', () => {
  const growing = workloads.find(({ name }) => name === 'growth-1e5')!;
  const sustained = workloads.find(({ name }) => name === 'sustained')!;
  const usual = workloads.find(({ name }) => name === 'batch-100')!;

  it.each([
    ['the run’s time', [], usual, { seconds: 6, records: undefined }],
    ['the workload’s time', ['--quick'], sustained, { seconds: 300 }],
    ['the workload’s records', [], growing, { records: 100_000 }],
    ['the time asked for, before the workload’s', ['--seconds', '3'], sustained, { seconds: 3 }],
    ['the time asked for, before the workload’s records', ['--seconds', '3'], growing, { seconds: 3 }],
    ['the records asked for, before all', ['--records', '10', '--seconds', '3'], growing, { records: 10 }],
  ])('%s', (_what, argv, workload, expected) => {
    const length = lengthOf(parse(...argv), workload);
    expect(length).toMatchObject(expected);
    if (!('records' in expected)) expect(length.records).toBeUndefined();
  });
});
