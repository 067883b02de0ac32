// The program's answers to wrong command lines, and to asking for help.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli';
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
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('leaves the input alone when rejects would go there', async () => {
    await runCli([...produce, '--rejects', data, data]);
    expect(readFileSync(data, 'utf8')).toBe('a\n');
  });
});
