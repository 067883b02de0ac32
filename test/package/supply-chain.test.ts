// What comes with an installation is what SECURITY.md says, and what is known of it is heeded.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verdictOf } from './audit';

interface LockedPackage {
  dev?: boolean;
  peer?: boolean;
  devOptional?: boolean;
  optional?: boolean;
  hasInstallScript?: boolean;
}

describe('the packages that users install', () => {
  it('are as many as SECURITY.md says, and run as many install scripts', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    const others = Object.entries<LockedPackage>(lock.packages).filter(
      ([path, { dev, peer, devOptional, optional }]) =>
        path !== '' && !dev && !peer && !devOptional && !optional,
    );
    const scripts = others.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    const [, count] = /With `npm install millrace` come (\d+) other\s+packages/.exec(
      readFileSync('SECURITY.md', 'utf8'),
    ) as RegExpExecArray;
    expect(others.map(([path]) => path)).toHaveLength(Number(count));
    expect(scripts).toEqual(['node_modules/node-rdkafka']);
  });
});

describe('an audit', () => {
  const metadata = (total: number) => ({ vulnerabilities: { total }, dependencies: { prod: 18 } });

  it('tells findings, and which', () => {
    const vulnerabilities = { 'csv-parse': { severity: 'high', range: '<8' } };
    const { outcome, text } = verdictOf(JSON.stringify({ vulnerabilities, metadata: metadata(1) }));
    expect(outcome).toBe('findings');
    expect(text).toContain('csv-parse <8: high');
  });

  it('tells that there are none', () => {
    expect(verdictOf(JSON.stringify({ vulnerabilities: {}, metadata: metadata(0) }))).toMatchObject({
      outcome: 'clean',
    });
  });

  it.each([
    ['', 'nothing that can be read'],
    [JSON.stringify({ statusCode: 405, body: '' }), '405'],
    [JSON.stringify({ message: 'getaddrinfo ENOTFOUND' }), 'ENOTFOUND'],
  ])('tells that nothing was checked: %j', (json, reason) => {
    const { outcome, text } = verdictOf(json);
    expect(outcome).toBe('not checked');
    expect(text).toMatch(/^NOT CHECKED/);
    expect(text).toContain(reason);
  });
});
