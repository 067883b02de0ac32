// The reader for a plan's format.
import type { IngestPlan, LineParser } from '../ingest-options';
import { KeyPath } from '../key-path';
import { readCsv } from './csv';
import type { FieldPaths } from './fields';
import { readLines, readNdjson, readWithParser } from './line-records';
import type { BatchReader } from './record-batch';

export function fieldPaths({ key, value, timestamp }: IngestPlan): FieldPaths {
  const path = (text: string | undefined) => (text === undefined ? null : new KeyPath(text));
  return { key: path(key), value: path(value), timestamp: path(timestamp) };
}

/** `parser` is what the plan's module made, if it names one. */
export function readerOf(
  plan: IngestPlan,
  parser: LineParser | undefined,
  onHeader: (header: string) => void,
): BatchReader {
  const { topic, partition, headers, columns, key = null, value = null, timestamp = null } = plan;
  const template = { topic, partition, headers };
  if (parser !== undefined) return readWithParser(template, parser);
  if (plan.format === 'csv') return readCsv(template, { key, value, timestamp, columns, onHeader });
  return plan.format === 'ndjson' ? readNdjson(template, fieldPaths(plan)) : readLines(template);
}
