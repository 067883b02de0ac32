// Failures on their way between threads, where errors themselves would lose their class and code.
import { MillraceError, messageOf, RecordError, type RecordErrorDetails, withoutStack } from '../errors';

/** Of one record, or of all those that were to go together. */
export interface PoolFailure extends Pick<RecordErrorDetails, (typeof CARRIED)[number]> {
  code: string;
  message: string;
  persisted: 'no' | 'possibly';
  cause?: PoolCause;
}

/** Of a record, by its place in what the thread was given. */
export interface FailedRecord extends PoolFailure {
  index: number;
}

interface PoolCause {
  message: string;
  /** Of a MillraceError. */
  code?: string;
}

const CARRIED = ['retriable', 'fatal', 'abortable', 'field', 'timedOutIn', 'waited'] as const;

export function failedRecord(error: RecordError): FailedRecord {
  return { ...failureOf(error), index: error.index, persisted: error.persisted };
}

/** Of a batch of which nothing was handed over. */
export function failureOf(error: unknown): PoolFailure {
  const message = messageOf(error);
  if (!(error instanceof MillraceError)) return { code: 'WORKER_FAILED', message, persisted: 'no' };
  const details: RecordErrorDetails = error;
  const carried = Object.fromEntries(CARRIED.map((name) => [name, details[name]]));
  return { ...carried, code: error.code, message, persisted: 'no', cause: causeOf(error) };
}

function causeOf({ cause }: MillraceError): PoolCause | undefined {
  if (cause === undefined) return undefined;
  return { message: messageOf(cause), code: cause instanceof MillraceError ? cause.code : undefined };
}

/** Of a record that cannot be sent elsewhere. */
export function staysHere(reason: string): PoolFailure {
  return { code: 'INVALID_RECORD', message: `cannot go to another thread: ${reason}`, persisted: 'no' };
}

/** The error again, in the words of who has its record. */
export function asRecordError(failure: PoolFailure, message: string, where: RecordErrorDetails): RecordError {
  const { code, cause, ...details } = failure;
  return withoutStack(() => new RecordError(message, code, { ...details, ...where, cause: asError(cause) }));
}

function asError(cause: PoolCause | undefined): Error | undefined {
  if (cause === undefined) return undefined;
  const { message, code } = cause;
  return code === undefined ? new Error(message) : new MillraceError(message, code);
}
