// Reports failures on stderr: the first few each on a line, the rest as a number.
import { count } from './summary';

const REPORTED_SINGLY = 10;

export class FailureLog {
  private failures = 0;

  constructor(private readonly print: (line: string) => void) {}

  add(lineNumber: number, reason: string): void {
    this.failures++;
    if (this.failures <= REPORTED_SINGLY) this.print(`line ${lineNumber}: ${printable(reason)}`);
  }

  finish(): void {
    const more = this.failures - REPORTED_SINGLY;
    if (more > 0) this.print(`... and ${count(more)} more`);
  }
}

/** Messages may quote the input, and what is in there must not drive the terminal. */
export function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
