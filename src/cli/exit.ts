// How the program ends: its exit codes, and the error for what the caller asked wrongly.
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** The command line cannot be obeyed: shown as one line, exit code 2. */
export class UsageError extends Error {}
