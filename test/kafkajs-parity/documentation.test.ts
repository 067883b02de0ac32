// docs/kafkajs.md says of every option and method what became of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installedKafkaJS } from './installed-kafkajs';

const root = join(__dirname, '../..');
const documentation = readFileSync(join(root, 'docs/kafkajs.md'), 'utf8');
const types = readFileSync(join(root, 'node_modules/kafkajs/types/index.d.ts'), 'utf8');

/** The names in code style of the first column of the tables of a section. */
function rows(section: string): string[] {
  const text = documentation.split(/^## /m).find((part) => part.startsWith(section)) ?? '';
  const firstCells = text.split('\n').flatMap((line) => /^\|([^|]*)\|/.exec(line)?.[1] ?? []);
  return firstCells.flatMap((cell) => [...cell.matchAll(/`([\w.]+)/g)].map(([, name]) => name));
}

/** The properties of one of kafkajs's interfaces. */
function propertiesOf(name: string): string[] {
  const [, body] = new RegExp(`interface ${name} \\{\\n([^}]*)\\}`).exec(types) ?? [];
  return [...(body ?? '').matchAll(/^ {2}(\w+)\??[:(]/gm)].map(([, property]) => property);
}

describe('docs/kafkajs.md has a row for', () => {
  it('each option of Kafka', () => {
    expect(propertiesOf('KafkaConfig').length).toBeGreaterThan(10);
    expect(rows('`new Kafka(config)`')).toEqual(
      expect.arrayContaining(propertiesOf('KafkaConfig').filter((name) => name !== 'retry')),
    );
  });

  it('each field of retry', () => {
    const fields = propertiesOf('RetryOptions');
    expect(fields.length).toBeGreaterThan(4);
    const documented = rows('`new Kafka(config)`').map((name) => name.replace(/^retry\./, ''));
    expect(documented).toEqual(expect.arrayContaining(fields));
  });

  it('each option of a producer', () => {
    expect(propertiesOf('ProducerConfig').length).toBeGreaterThan(6);
    expect(rows('`kafka.producer(config)`')).toEqual(expect.arrayContaining(propertiesOf('ProducerConfig')));
  });

  it('each method of a producer, and each setting of a call', () => {
    const producer = new installedKafkaJS.Kafka({ brokers: ['a:1'], logLevel: 0 }).producer();
    expect(rows('A producer')).toEqual(
      expect.arrayContaining([...Object.keys(producer), 'acks', 'timeout', 'compression']),
    );
  });

  it('each method of a transaction', () => {
    const methods = ['send', 'sendBatch', 'sendOffsets', 'commit', 'abort', 'isActive'];
    const documented = rows('A producer').map((name) => name.replace(/^transaction\./, ''));
    expect(documented).toEqual(expect.arrayContaining(methods));
  });

  it('each event', () => {
    const { events } = new installedKafkaJS.Kafka({ brokers: ['a:1'], logLevel: 0 }).producer();
    for (const event of Object.keys(events)) expect(documentation).toContain(event);
  });
});
