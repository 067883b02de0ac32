// How the program ends: its exit codes, and what it tells of what went wrong.
import { MillraceError, messageOf } from '../errors';

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** The command line cannot be obeyed: shown as one line, exit code 2. */
export class UsageError extends Error {}

export function exitCodeOf(error: unknown): number {
  // What was asked wrongly may only be found out by a thread, whose errors come as others.
  const invalid = error instanceof MillraceError && error.code === 'INVALID_CONFIG';
  return error instanceof UsageError || invalid ? EXIT_USAGE : EXIT_FAILED;
}

/**
 * Whoever asked for JSON gets an object whatever happens: when `run` fails, what is known by then, with the error. That
 * is passed on.
 */
export async function orErrorAsJson<T>(
  asked: boolean | undefined,
  known: () => object,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (asked) {
      const message = messageOf(error);
      const told = { code: error instanceof MillraceError ? error.code : codeOf(error), message };
      process.stdout.write(`${JSON.stringify({ ...known(), error: told })}\n`);
    }
    throw error;
  }
}

function codeOf(error: unknown): string {
  if (error instanceof UsageError) return 'INVALID_CONFIG';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** Who reads our output may have gone, as `head` does: what is left to tell is nobody's, and no error. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      process.exitCode = EXIT_FAILED;
      if (stream === process.stdout) process.stderr.write(`millrace: cannot print: ${error.message}\n`);
    });
  }
}
