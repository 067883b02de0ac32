// Which fields of a line's value make a record: key, value and timestamp by path.
import type { KeyPath } from '../key-path';

export interface FieldPaths {
  key: KeyPath | null;
  value: KeyPath | null;
  timestamp: KeyPath | null;
}

export interface Fields {
  key: string | null;
  /** undefined: the line as it stands. */
  value: string | null | undefined;
  timestamp: number | undefined;
}

export class FieldError extends Error {}

export function fieldsOf(data: unknown, paths: FieldPaths): Fields {
  return {
    key: paths.key === null ? null : paths.key.keyOf(data),
    value: paths.value === null ? undefined : paths.value.keyOf(data),
    timestamp: paths.timestamp === null ? undefined : timestampOf(paths.timestamp, data),
  };
}

function timestampOf(path: KeyPath, data: unknown): number | undefined {
  const text = path.keyOf(data);
  return text === null ? undefined : parseTimestamp(path.path, text);
}

// Date.parse finds a date in "item 7", and in -5.
const DATE = /^[+-]?\d{4,6}-\d\d|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*\d{4}/i;

/** Milliseconds since the epoch, or a date as Date.parse reads it; undefined for an empty text. @throws FieldError */
export function parseTimestamp(field: string, text: string): number | undefined {
  if (text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) : DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new FieldError(`timestamp field ${field}: neither milliseconds nor a date: ${text.slice(0, 60)}`);
}
