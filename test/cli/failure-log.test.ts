// How failures are told: few singly, all in number, and without control over the terminal.
import { expect, it } from 'vitest';
import { FailureLog, printable } from '../../src/cli/failure-log';

function logOf(failures: number): string[] {
  const printed: string[] = [];
  const log = new FailureLog((line) => printed.push(line));
  for (let line = 1; line <= failures; line++) log.add(line, 'bad');
  log.finish();
  return printed;
}

it('says nothing when nothing failed', () => {
  expect(logOf(0)).toEqual([]);
});

it('tells each of ten failures', () => {
  expect(logOf(10)).toHaveLength(10);
  expect(logOf(10)[9]).toBe('line 10: bad');
});

it('counts what comes after the tenth', () => {
  expect(logOf(1_234)).toHaveLength(11);
  expect(logOf(1_234)[10]).toBe('... and 1,224 more');
});

it('makes control characters visible', () => {
  expect(printable('a\u001b[2Jb\tc\u009bd é')).toBe('a\\x1b[2Jb\\x09c\\x9bd é');
});
