// The error table of docs/delivery.md says of each code what the code itself does.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src';

const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'delivery.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(_?[A-Z_]+)` +\|.*\| (yes|no) +\|$/gm)].map(([, code, word]) => ({
  code,
  word,
}));

describe('the error table', () => {
  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  it.each(rows)('$code: retriable $word', ({ code, word }) => {
    expect(new MillraceError('', code).retriable).toBe(word === 'yes');
  });
});
