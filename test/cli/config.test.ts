// `millrace config` and docs/options.md: every option of the table, under all of its names.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { optionsPage } from '../../src/options/option-reference';
import { OPTION_TABLE } from '../../src/options/option-table';
import { runCli } from './run-cli';

const config = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCli(['config', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('millrace config', () => {
  it('prints a line for each option, with its names elsewhere in columns', async () => {
    const [heading, ...lines] = (await config()).trimEnd().split('\n');
    expect(heading).toMatch(/^option +default +unit +librdkafka +Java +kafkajs$/);
    expect(lines).toHaveLength(OPTION_TABLE.length);
    const column = (name: string) => heading.indexOf(name);
    for (const [n, { name, property = '', java = '', kafkajs = '' }] of OPTION_TABLE.entries()) {
      const cell = (from: string, to?: string) =>
        lines[n].slice(column(from), to ? column(to) : undefined).trim();
      expect(cell('option', 'default')).toBe(name);
      expect(cell('librdkafka', 'Java')).toBe(property);
      expect(cell('Java', 'kafkajs')).toBe(java);
      expect(cell('kafkajs')).toBe(kafkajs);
    }
    expect(lines.find((line) => line.startsWith('lingerMs'))).toMatch(
      /^lingerMs +0 +ms +linger\.ms +linger\.ms$/,
    );
  });

  it('--json has the same, with values, summaries and Java’s other defaults', async () => {
    const options = JSON.parse(await config('--json'));
    expect(options.map(({ name }: { name: string }) => name)).toEqual(OPTION_TABLE.map(({ name }) => name));
    expect(options.find(({ name }: { name: string }) => name === 'lingerMs')).toEqual({
      name: 'lingerMs',
      summary: expect.stringContaining('wait'),
      values: 'a number (ms) from 0 to 900000',
      default: 0,
      javaDefault: 5,
      unit: 'ms',
      librdkafka: 'linger.ms',
      java: 'linger.ms',
      kafkajs: null,
    });
  });

  it('--markdown is docs/options.md, which `npm run docs:options` makes', async () => {
    const page = optionsPage();
    expect(await config('--markdown')).toBe(page);
    const written = readFileSync(path.join(__dirname, '..', '..', 'docs', 'options.md'), 'utf8');
    expect(written, 'stale: npm run docs:options').toBe(page);
    for (const { name } of OPTION_TABLE) expect(page).toContain(`| \`${name}\` | `);
    for (const { summary } of OPTION_TABLE) expect(page).toContain(summary);
  });

  it('refuses two formats at once', async () => {
    expect(await runCli(['config', '--json', '--markdown'])).toMatchObject({ code: 2, stdout: '' });
  });
});
