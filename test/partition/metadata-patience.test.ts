import { expect, it } from 'vitest';
import { LONGEST_ANSWER_MS, MetadataPatience } from '../../src/partition/metadata-patience';

it('a call may take longer after one that a broker left unanswered, up to a limit', () => {
  const patience = new MetadataPatience(1000);
  const times = Array.from({ length: 4 }, () => {
    patience.learn('_TIMED_OUT', patience.ms);
    return patience.ms;
  });
  expect(times).toEqual([3000, ...Array(3).fill(LONGEST_ANSWER_MS)]);
});

it('a call may take no longer when nobody is connected', () => {
  const patience = new MetadataPatience(1000);
  patience.learn('_TRANSPORT', 1000);
  expect(patience.ms).toBe(1000);
});

it('the time is the first again when answers come within it', () => {
  const patience = new MetadataPatience(1000);
  patience.learn('_TIMED_OUT', 1000);
  patience.learn('', 2000);
  expect(patience.ms).toBe(3000);
  patience.learn('', 500);
  expect(patience.ms).toBe(1000);
});
