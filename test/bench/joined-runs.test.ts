// Runs measured bit by bit and reported as one.
import { expect, it } from 'vitest';
import { joined } from '../../bench/report/joined-runs';
import { verdicts } from '../../bench/report/verdicts';
import { fixedRun, series, trial, usualRun } from './fixed-run';

const gzip = fixedRun([series('millrace', [trial(10, 1)], { workload: 'gzip' })]);

it('have the workloads and clients of all', () => {
  const all = joined([
    { ...usualRun, leftOut: ['kafkajs'] },
    { ...gzip, date: '2026-11-24' },
  ]);
  expect(all.date).toBe('2026-11-24');
  expect(all.workloads.map(({ name }) => name)).toEqual(['batch-100', 'gzip']);
  expect(all.contenders).toEqual(usualRun.contenders);
  expect(all.leftOut).toEqual(['kafkajs']);
  expect(all.series.filter(({ workload }) => workload === 'batch-100')).toEqual(usualRun.series);
});

it('say who was not there', () => {
  const single = fixedRun([series('millrace', [trial(10, 1)], { workload: 'single-100' })]);
  const all = joined([usualRun, single]);
  const { reached, absent } = verdicts(all).find(({ workload }) => workload === 'single-100')!;
  expect(reached).toBeUndefined();
  expect(absent).toContainEqual({ name: 'node-rdkafka', why: 'not in this run' });
});

it('must be of the same machine and length, with different workloads', () => {
  const longer = { ...gzip, length: '6 s after 2 s of warm-up' };
  expect(() => joined([usualRun, longer])).toThrow('the runs differ in their length: "2 s');
  const elsewhere = { ...gzip, machine: { ...gzip.machine, cores: 8 } };
  expect(() => joined([usualRun, elsewhere])).toThrow('differ in their machine');
  expect(() => joined([usualRun, gzip, gzip])).toThrow('workload gzip is in several runs');
});
