// The program's answers to wrong command lines, and to asking for help.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCli, startCli } from './run-cli';
import { ScratchDirectory } from './scratch-directory';

const scratch = new ScratchDirectory();

describe('millrace', () => {
  it('tells its version and its help with exit code 0', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await runCli(['produce', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('--key-field');
  });

  const data = scratch.write('data.txt', 'a\n');
  const csv = scratch.write('data.csv', 'a,b\n1,2\n');
  const secret = scratch.write('secret.properties', '# ours\nlinger.ms = 5\nsasl.password hunter2\n');
  const produce = ['produce', '-t', 't'];
  it.each<[string, string[], string]>([
    ['no command', [], 'Usage: millrace'],
    ['an unknown command', ['consume'], "unknown command 'consume'"],
    ['an unknown option', [...produce, '--colour'], "unknown option '--colour'"],
    ['a missing option', ['produce'], "required option '-t, --topic <topic>' not specified"],
    ['too many arguments', [...produce, 'a', 'b'], 'too many arguments'],
    ['a missing file', [...produce, scratch.path('none')], 'none: no such file or directory'],
    ['a directory', [...produce, '.'], 'cannot read .: it is a directory'],
    ['an unknown format', [...produce, '-f', 'xml', data], 'Allowed choices are ndjson, csv, lines'],
    [
      'a key from plain lines',
      [...produce, '-k', 'id', data],
      '--key-field needs --format ndjson or --format csv',
    ],
    ['a key column that is not there', [...produce, '-k', 'id', csv], 'CSV header: no column id among a, b'],
    ['an unknown partitioner', [...produce, '--partitioner', 'best', data], 'Allowed choices are murmur2'],
    ['a bad partition', [...produce, '--partition', '-1', data], 'Expected a whole number of at least 0'],
    ['an unknown codec', [...produce, '--compression', 'rar', data], 'Allowed choices are none, gzip'],
    ['bad acks', [...produce, '--acks', '2', data], 'Allowed choices are all, -1, 0, 1'],
    ['a header without value', [...produce, '--headers', 'a', data], 'Expected name=value'],
    ['a property without value', [...produce, '-X', 'sasl.password hunter2'], '-X: expected name=value'],
    [
      'a configuration that is not there',
      [...produce, '--config', scratch.path('none')],
      'none: no such file or directory',
    ],
    ['one that is none', [...produce, '-F', secret, data], 'line 3: expected name=value'],
    ['an unknown property', [...produce, '-X', 'no.such=1', data], 'no.such'],
    ['a property out of range', [...produce, '-X', 'linger.ms=soon', data], 'lingerMs'],
    ['rejects over the input', [...produce, '--rejects', data, data], 'is the input itself'],
    [
      'rejects nowhere',
      [...produce, '--rejects', scratch.path('no/file'), data],
      'no such file or directory',
    ],
    [
      'a bad number of records',
      ['perf', '-t', 't', '-n', 'many', '-s', '1'],
      'Expected a whole number of at least 1',
    ],
    ['a bad topic', ['cluster', '--topic', 'a:b'], 'Expected name or name:partitions'],
  ])('refuses %s with exit code 2 and without a stack', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).not.toContain('hunter2');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    ['fields of plain lines', ['--value-field', 'v', data], '--value-field needs --format ndjson'],
    ['columns of what is not CSV', ['--columns', 'a,b', data], '--columns needs --format csv'],
    [
      'a format beside a module',
      ['--module', 'm', '-f', 'csv', data],
      "'--module <path>' cannot be used with",
    ],
    ["a module's options without it", ['--module-options', '{}', data], '--module-options need --module'],
    ['module options that are no JSON', ['--module', 'm', '--module-options', '{', data], 'Expected JSON'],
    ['a start behind the end', ['--start-offset', '3', data], 'startOffset 3 is behind the end'],
  ])('produce refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli([...produce, ...args]);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('tells its exit codes', async () => {
    const { stdout } = await runCli(['produce', '--help']);
    expect(stdout).toMatch(/130 after Ctrl-C, 143 after SIGTERM/);
  });

  it.each([
    ['produce', [...produce, data]],
    ['perf', ['perf', '-t', 't', '-n', '1', '-s', '1']],
    ['partitions plan', ['partitions', 'plan', '-t', 't', '--to', '9']],
  ])('%s tells an error as JSON where that is asked for', async (_, args) => {
    const { code, stdout, stderr } = await runCli([...args, '--brokers', '127.0.0.1:1', '--json']);
    expect(code).toBe(1);
    const { topic, error } = JSON.parse(stdout);
    expect({ topic, error }).toEqual({
      topic: 't',
      error: {
        code: expect.any(String),
        message: expect.stringMatching(/^no broker at 127\.0\.0\.1:1 answered/),
      },
    });
    expect(stderr).toContain(error.message);
  });

  it('tells bad usage as JSON too', async () => {
    const { code, stdout } = await runCli([...produce, '--json', scratch.path('none')]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ delivered: 0, error: { code: 'INVALID_CONFIG' } });
  });

  it('outlives whoever reads its output', async () => {
    const cli = startCli(...produce, '--json', data);
    cli.child.stdout?.destroy();
    expect(await cli.ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^No --brokers[^\n]*\n$/),
    });
  });

  it('leaves the input alone when rejects would go there', async () => {
    await runCli([...produce, '--rejects', data, data]);
    expect(readFileSync(data, 'utf8')).toBe('a\n');
  });
});
