// Programs written for kafkajs, with nothing changed but what they import.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnKafka } from '../broker/real-broker';
import type { Outcome } from './programs/application';

const root = join(__dirname, '../..');
const source = (name: string) => readFileSync(join(__dirname, 'programs', `${name}.ts`), 'utf8');
const replaced = (text: string, by: string) => {
  expect(text.match(/from 'kafkajs'/g)).toHaveLength(1);
  return text.replace("from 'kafkajs'", `from '${by}'`);
};

let folder: string;
beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache', 'kafkajs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('types', () => {
  function compile(name: string, options: object = {}): string {
    const settings = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noUnusedLocals: false, ...options },
      include: [name],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    try {
      return execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  it.each(['typed-producers', 'typed-service', 'typed-enums', 'application'])('%s compiles', (name) => {
    writeFileSync(join(folder, `${name}.ts`), replaced(source(name), '../../src/kafkajs'));
    expect(compile(`${name}.ts`)).toBe('');
  });

  it('see a wrong call', () => {
    const text = replaced(source('typed-producers'), '../../src/kafkajs');
    writeFileSync(
      join(folder, 'wrong.ts'),
      text.replace("{ topic: 'topic', messages }", '{ topic: 5, messages }'),
    );
    expect(compile('wrong.ts')).toContain("Type 'number' is not assignable to type 'string'");
  });
});

describeOnKafka('an application of producers, consumers and a transactional relay', (brokers) => {
  const ORDERS = 60;

  async function run(program: string): Promise<Outcome> {
    const { run } = await import(program);
    return run(brokers().split(','), randomUUID(), ORDERS);
  }

  it.each(['kafkajs', 'millrace/kafkajs'])('does its work with %s', async (library) => {
    let program = join(__dirname, 'programs', 'application.ts');
    if (library !== 'kafkajs') {
      program = join(folder, 'application-run.ts');
      writeFileSync(program, replaced(source('application'), '../../src/kafkajs'));
    }
    const outcome = await run(program);
    expect(outcome.invoices).toEqual(
      Array.from({ length: ORDERS }, (_, i) => `invoice for {"order":${i}}`).sort(),
    );
    expect(outcome.committed.reduce((sum, offset) => sum + Number(offset), 0)).toBe(ORDERS);
    expect(outcome.aborted).toBe(1);
    expect(outcome.requests).toBeGreaterThan(0);
    expect(outcome.refusal).toBe('KafkaJSProtocolError, retriable: false');
  });
});
