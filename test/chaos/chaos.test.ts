// A short run of chaos for every change; `npm run test:chaos` is the long one.
import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeWithOwnKafka } from '../broker/real-broker';
import { runChaos } from './chaos-run';
import { FAULTS } from './faults';
import { brokenPromises } from './figures';

describeWithOwnKafka('three brokers that fail while every API writes', () => {
  it('lose nothing acknowledged, store nothing twice, keep order and settle every promise', async () => {
    const seed = randomInt(1, 2 ** 32);
    const progress: string[] = [`seed ${seed}`];
    const faults = FAULTS.filter(({ slow }) => !slow);
    const figures = await runChaos({
      seed,
      faults,
      minutes: 0,
      recordsPerSecond: 1_500,
      onProgress: (line) => progress.push(line),
    }).catch((error) => {
      throw new Error(`The run broke off:\n${progress.join('\n')}`, { cause: error });
    });
    expect(brokenPromises(figures), progress.join('\n')).toEqual([]);
    expect(figures.faults).toHaveLength(faults.length);
    const { strict, hasty, transactional, doomed } = figures.ledgers;
    // It was a run that could have found something: much was written, and what timed out was seen to.
    expect(strict.log.count('acknowledged')).toBeGreaterThan(5_000);
    expect(hasty.log.count('acknowledged')).toBeGreaterThan(1_000);
    expect(transactional.log.count('acknowledged')).toBeGreaterThan(500);
    expect(transactional.log.count('aborted')).toBeGreaterThan(50);
    expect(doomed.log.count('acknowledged')).toBeGreaterThan(100);
    expect(figures.partitions).toBeGreaterThan(6);
    // Records that may take a minute outlive every fault.
    expect(strict.log.count('acknowledged')).toBe(strict.log.sent);
  }, 300_000);
});
