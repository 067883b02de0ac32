// What `producer.ingest()` is asked for and what it tells.
import type { Writable } from 'node:stream';
import { ConfigError, describeValue, MillraceError } from '../errors';
import { checkHeaders, isPartition, isTopicName } from '../intake/check-record';
import type { Headers } from '../intake/record';

/** A file's path or URL, or bytes from anywhere. */
export type IngestSource = string | URL | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/**
 * A module whose export is called once, with `options`, and returns a LineParser. `module` is a file's path or URL, or a
 * package's name.
 */
export interface IngestModule {
  readonly module: string | URL;
  /** Default 'default', or else the module itself. */
  readonly export?: string;
  /** Handed to the export; structured-cloneable. */
  readonly options?: unknown;
}

/** Makes a line's record; null: none. What it throws makes the line malformed. Without `value`, the line is it. */
export type LineParser = (line: Buffer, lineNumber: number) => ParsedLine | null | Promise<ParsedLine | null>;

export interface ParsedLine {
  key?: string | Uint8Array | null;
  value?: string | Uint8Array | null;
  partition?: number;
  timestamp?: number | Date;
  headers?: Headers;
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
  key?: string;
  /** Where the value is, likewise. Default: the whole line, byte for byte; of a CSV row, all of its columns as JSON. */
  value?: string;
  /** Where the timestamp is: milliseconds since the epoch, or a date that Date.parse reads. Default: none. */
  timestamp?: string;
  /** For every record. */
  headers?: Headers;
  /** For every record. Default: by key, or round-robin. */
  partition?: number;
  /** Offset of the first byte to read in a file, and of the source's first byte otherwise. Default 0. */
  startOffset?: number;
  /** The column names of a CSV source that begins behind its header. */
  columns?: readonly string[];
  /** Where lines go that are malformed or failed. Default: the first of them ends the ingestion. */
  rejects?: IngestRejects;
  /** Called as records are settled. What it throws ends the ingestion. */
  onProgress?: (report: IngestReport) => void;
  /**
   * Called once with the header row of a CSV source, as it should stand before its rejected rows. What it throws ends
   * the ingestion.
   */
  onHeader?: (header: string) => void;
  /** Ends the reading; what was read is still delivered. */
  signal?: AbortSignal;
  /** Where lines are taken apart. Default 'worker', a thread of its own. */
  thread?: 'worker' | 'caller';
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
  return new IngestError(error instanceof Error ? error.message : String(error), code, report, error);
}

export const MALFORMED = 'MALFORMED';

/** The options that may travel to another thread. */
export type IngestPlan = Omit<IngestOptions, 'rejects' | 'onProgress' | 'onHeader' | 'signal' | 'thread'>;

const KNOWN = new Set<string>([
  'topic',
  'format',
  'key',
  'value',
  'timestamp',
  'headers',
  'partition',
  'startOffset',
  'columns',
  'rejects',
  'onProgress',
  'onHeader',
  'signal',
  'thread',
]);
const FORMATS = ['ndjson', 'csv', 'lines'];

/** @throws ConfigError */
export function checkIngestOptions(options: IngestOptions): IngestPlan {
  if (options === null || typeof options !== 'object') fail('options must be an object', options);
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw new ConfigError(`ingest: unknown option ${unknown}`);
  const { topic, format, key, value, timestamp, headers, partition, startOffset, columns } = options;
  if (!isTopicName(topic)) fail('topic must be the name of a topic', topic);
  const isModule = format !== null && typeof format === 'object';
  if (!isModule && !FORMATS.includes(format)) {
    fail("format must be 'ndjson', 'csv', 'lines' or { module }", format);
  }
  if (isModule && typeof format.module !== 'string' && !(format.module instanceof URL)) {
    fail('format.module must be a path, a URL or a package', format.module);
  }
  for (const [name, path] of Object.entries({ key, value, timestamp })) {
    if (path === undefined) continue;
    if (typeof path !== 'string' || path === '') fail(`${name} must be the name of a field`, path);
    if (isModule || format === 'lines') {
      throw new ConfigError(`ingest: ${name} needs the format ndjson or csv: others have no fields`);
    }
  }
  checkPlacing(options);
  if (startOffset !== undefined && !(Number.isSafeInteger(startOffset) && startOffset >= 0)) {
    fail('startOffset must be an integer of at least 0', startOffset);
  }
  if (columns !== undefined && (format !== 'csv' || !Array.isArray(columns))) {
    fail("columns must be a list of names, for the format 'csv'", columns);
  }
  checkCallersParts(options);
  return {
    topic,
    format: isModule ? { ...format, module: String(format.module) } : format,
    key,
    value,
    timestamp,
    headers,
    partition,
    startOffset,
    columns,
  };
}

function checkPlacing({ topic, headers, partition }: IngestOptions): void {
  if (partition !== undefined && !isPartition(partition)) {
    fail('partition must be an integer of at least 0', partition);
  }
  if (headers === undefined) return;
  const isList = Array.isArray(headers);
  if (headers === null || typeof headers !== 'object' || (!isList && Symbol.iterator in headers)) {
    fail('headers must be an object or a list of pairs', headers);
  }
  try {
    checkHeaders(headers, topic, 0);
  } catch (error) {
    throw new ConfigError(`ingest: ${withoutRecord((error as Error).message)}`);
  }
}

/** What stays in the caller's thread. */
function checkCallersParts({ rejects, onProgress, onHeader, signal, thread }: IngestOptions): void {
  for (const [name, listener] of Object.entries({ onProgress, onHeader })) {
    if (listener !== undefined && typeof listener !== 'function')
      fail(`${name} must be a function`, listener);
  }
  const takesLines =
    rejects === undefined ||
    typeof rejects === 'function' ||
    (typeof rejects === 'string' && rejects !== '') ||
    rejects instanceof URL ||
    isWritable(rejects);
  if (!takesLines) fail("rejects must be a function, a writable stream or a file's path or URL", rejects);
  if (signal !== undefined && !(signal instanceof AbortSignal)) fail('signal must be an AbortSignal', signal);
  if (thread !== undefined && !['worker', 'caller'].includes(thread)) {
    fail("thread must be 'worker' or 'caller'", thread);
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

function fail(what: string, value: unknown): never {
  throw new ConfigError(`ingest: ${what}, got ${describeValue(value)}`);
}
