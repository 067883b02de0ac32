// Which format an input has, and the reader for it.
import { UsageError } from '../exit';
import { KeyPath } from '../key-path';
import { readCsv } from './csv';
import { readLines, readNdjson } from './line-records';
import type { BatchReader, RecordTemplate } from './record-batch';

export const FORMATS = ['ndjson', 'csv', 'lines'] as const;
export type Format = (typeof FORMATS)[number];

export interface FormatOptions {
  format: Format;
  keyField: string | null;
  template: RecordTemplate;
  /** Called with the heading of formats that have one. */
  onHeader: (header: string) => void;
}

export function guessFormat(file: string | null): Format {
  if (file === null) return 'lines';
  if (/\.(ndjson|jsonl)$/i.test(file)) return 'ndjson';
  return /\.csv$/i.test(file) ? 'csv' : 'lines';
}

export function readerOf({ format, keyField, template, onHeader }: FormatOptions): BatchReader {
  switch (format) {
    case 'ndjson':
      return readNdjson(template, keyField === null ? null : new KeyPath(keyField));
    case 'csv':
      return readCsv(template, { keyField, onHeader });
    case 'lines':
      if (keyField !== null) throw new UsageError('--key-field needs --format ndjson or --format csv');
      return readLines(template);
  }
}
