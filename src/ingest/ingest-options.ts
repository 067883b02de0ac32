// What `producer.ingest()` is asked for and what it tells.
import type { Writable } from 'node:stream';
import {
  ANYTHING,
  check,
  FUNCTION,
  integerFrom,
  lookInto,
  NAME,
  OBJECT,
  oneOf,
  type Rule,
  readOptions,
  required,
  SIGNAL,
} from '../check-given';
import { ConfigError, describeValue, MillraceError, messageOf, RecordError } from '../errors';
import { checkHeaders } from '../intake/check-headers';
import type { Headers, HeaderValue } from '../intake/record';
import { TOPIC } from '../intake/topic-name';
import type { FrameHeader } from '../serialize/frame-writer';
import { MODULE } from '../workers/load-module';

/** A file's path or URL, or bytes from anywhere. */
export type IngestSource = string | URL | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/**
 * A module whose export is called once, with `options`, and returns a LineParser. `module` is a file's path or URL, or a
 * package's name.
 */
export interface IngestModule {
  readonly module: string | URL;
  /** Default 'default', or else the module itself. */
  readonly export?: string | undefined;
  /** Handed to the export; structured-cloneable. */
  readonly options?: unknown;
}

/** Makes a line's record; null: none. What it throws makes the line malformed. Without `value`, the line is it. */
export type LineParser = (line: Buffer, lineNumber: number) => ParsedLine | null | Promise<ParsedLine | null>;

export interface ParsedLine {
  key?: string | Uint8Array | null | undefined;
  value?: string | Uint8Array | null | undefined;
  partition?: number | undefined;
  timestamp?: number | Date | undefined;
  headers?: Headers | undefined;
}

/**
 * ndjson: each line is JSON, blank lines are skipped. csv: the first row names the columns, each further row becomes a
 * JSON object of strings. lines: each line is a value. An ending \n or \r\n is not part of a line.
 */
export type IngestFormat = 'ndjson' | 'csv' | 'lines';

export interface IngestOptions {
  topic: string;
  format: IngestFormat | IngestModule;
  /** Where the key is: a dotted path into the JSON, or a column. Nothing there, or null: no key. Default: no keys. */
  key?: string | undefined;
  /** Where the value is, likewise. Default: the whole line, byte for byte; of a CSV row, all of its columns as JSON. */
  value?: string | undefined;
  /** Where the timestamp is: milliseconds since the epoch, or a date that Date.parse reads. Default: none. */
  timestamp?: string | undefined;
  /** For every record. */
  headers?: Headers | undefined;
  /** For every record. Default: by key, or round-robin. */
  partition?: number | undefined;
  /** Offset of the first byte to read in a file, and of the source's first byte otherwise. Default 0. */
  startOffset?: number | undefined;
  /** The column names of a CSV source that begins behind its header. */
  columns?: readonly string[] | undefined;
  /** Where lines go that are malformed or failed. Default: the first of them ends the ingestion. */
  rejects?: IngestRejects | undefined;
  /** Called as records are settled. What it throws ends the ingestion. */
  onProgress?: ((report: IngestReport) => void) | undefined;
  /**
   * Called once with the header row of a CSV source, as it should stand before its rejected rows. What it throws ends
   * the ingestion.
   */
  onHeader?: ((header: string) => void) | undefined;
  /** Ends the reading; what was read is still delivered. */
  signal?: AbortSignal | undefined;
  /** Where lines are taken apart. Default 'worker', a thread of its own. */
  thread?: 'worker' | 'caller' | undefined;
}

/**
 * A function that is called with one after the other, in the order of the source, and waited for; what it throws ends the
 * ingestion. Or what takes the lines as they stood, each with a newline, those of a CSV source behind its header: a stream,
 * which is left open, or a file's path or URL. The file is made anew, or added to with a `startOffset`.
 */
export type IngestRejects = ((reject: IngestReject) => void | Promise<void>) | Writable | string | URL;

/** A line that did not become a delivered record. */
export interface IngestReject {
  /** From 1 on; of a CSV row, that of its first line. */
  line: number;
  /** Where it begins in the source. */
  offset: number;
  /** In words. */
  reason: string;
  /** 'MALFORMED', or the code of the record's error. */
  code: string;
  /** Whether the broker may have stored it all the same. */
  persisted: 'no' | 'possibly';
  /** The line as it stood, without its ending. */
  data: Buffer;
}

export interface IngestReport {
  /** Everything before this offset of the source is delivered, skipped or with `rejects`. */
  committedOffset: number;
  /** Bytes read so far. */
  bytesRead: number;
  /** Records made of lines. */
  records: number;
  delivered: number;
  failed: number;
  /** Lines of which no record could be made. */
  malformed: number;
  /** Blank lines, and those a module made nothing of. */
  skipped: number;
  /** Bytes of the delivered values. */
  deliveredBytes: number;
  /** Failed records by error code. */
  failuresByCode: Record<string, number>;
}

/** The ingestion ended early. `report` says how far it came. */
export class IngestError extends MillraceError {
  readonly report: IngestReport;

  constructor(message: string, code: string, report: IngestReport, cause?: unknown) {
    super(message, code, { cause });
    this.report = report;
  }
}

/** Whatever ended the ingestion, as what its caller gets. */
export function asIngestError(error: unknown, report: IngestReport): IngestError {
  if (error instanceof IngestError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'INGEST_FAILED';
  return new IngestError(messageOf(error), code, report, error);
}

export const MALFORMED = 'MALFORMED';

/** The options that may travel to another thread. */
export type IngestPlan = Omit<IngestOptions, 'rejects' | 'onProgress' | 'onHeader' | 'signal' | 'thread'>;

/** What only the caller's thread needs to know. */
export interface IngestTask
  extends Pick<IngestOptions, 'rejects' | 'onProgress' | 'onHeader' | 'signal' | 'thread'> {
  plan: IngestPlan;
}

const FIELD: Rule = { must: 'the name of a field', fits: NAME.fits };
const FORMATS: readonly unknown[] = ['ndjson', 'csv', 'lines'];

const RULES: { readonly [Name in keyof IngestOptions]-?: Rule } = {
  topic: required(TOPIC),
  format: required({
    must: "'ndjson', 'csv', 'lines' or { module }",
    fits: (value) => FORMATS.includes(value) || OBJECT.fits(value),
  }),
  key: FIELD,
  value: FIELD,
  timestamp: FIELD,
  headers: { ...OBJECT, must: 'an object, or pairs of a name and a value' },
  partition: integerFrom(0, 2 ** 31 - 1),
  startOffset: integerFrom(0),
  columns: {
    must: "a list of names, for the format 'csv'",
    fits: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  },
  rejects: {
    must: "a function, a writable stream or a file's path or URL",
    fits: (value) => FUNCTION.fits(value) || NAME.fits(value) || value instanceof URL || isWritable(value),
  },
  onProgress: FUNCTION,
  onHeader: FUNCTION,
  signal: SIGNAL,
  thread: oneOf('worker', 'caller'),
};

const MODULE_RULES = { module: required(MODULE), export: NAME, options: ANYTHING };

/** Each option, read once. @throws ConfigError */
export function readIngestOptions(options: IngestOptions): IngestTask {
  check('ingest: options', OBJECT, options);
  const given = readOptions<IngestOptions>('ingest', options, RULES) as IngestOptions;
  const { rejects, onProgress, onHeader, signal, thread, ...plan } = given;
  const { topic, format, key, value, timestamp, columns, headers } = plan;
  const hasFields = format === 'ndjson' || format === 'csv';
  for (const [name, path] of Object.entries({ key, value, timestamp })) {
    if (path !== undefined && !hasFields) {
      throw new ConfigError(`ingest: ${name} needs the format ndjson or csv: others have no fields`);
    }
  }
  if (columns !== undefined && format !== 'csv') {
    throw new ConfigError(`ingest: columns must be ${RULES.columns.must}, got ${describeValue(format)}`);
  }
  if (format === 'csv' && columns === undefined && (plan.startOffset ?? 0) > 0) {
    throw new ConfigError(
      'ingest: startOffset needs columns with the format csv: the header row is not read again, and the next row would pass for it',
    );
  }
  return {
    rejects,
    onProgress,
    onHeader,
    signal,
    thread,
    plan: {
      ...plan,
      format: typeof format === 'object' ? readModule(format) : format,
      headers: headers === undefined ? undefined : readHeaders(headers, topic),
    },
  };
}

function readModule(format: IngestModule): IngestModule {
  const given = readOptions<IngestModule>('ingest', format, MODULE_RULES, 'format') as IngestModule;
  return { ...given, module: String(given.module) };
}

/** Of our own, so that they can go to another thread. */
function readHeaders(headers: Headers, topic: string): Headers {
  return lookInto('ingest: headers', () =>
    checkedHeaders(headers, topic).map(([name, value]): [string, HeaderValue] => [
      name,
      typeof value === 'object' && value !== null ? Uint8Array.from(value) : value,
    ]),
  );
}

function checkedHeaders(headers: Headers, topic: string): FrameHeader[] {
  try {
    return checkHeaders(headers, topic, 0);
  } catch (error) {
    throw error instanceof RecordError ? new ConfigError(`ingest: ${withoutRecord(error.message)}`) : error;
  }
}

/** Streams need not be Node's own. */
export function isWritable(value: unknown): value is Writable {
  if (value === null || typeof value !== 'object') return false;
  const { write, on } = value as { write?: unknown; on?: unknown };
  return typeof write === 'function' && typeof on === 'function';
}

/** An error's words about a record, without its number and topic: here lines have numbers, and the topic is one. */
export function withoutRecord(message: string): string {
  return message.replace(/^record \d+ for topic [\w.-]+(?:, (partition \d+))?:? /, (_, partition?: string) =>
    partition === undefined ? '' : `${partition}: `,
  );
}
