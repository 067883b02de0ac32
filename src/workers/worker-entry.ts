// Where the code of a worker thread is.
import { join } from 'node:path';

/** Threads run compiled code: from src, as the tests do, that of dist is taken. `name`: 'folder/file', without ending. */
export function workerEntry(name: string): string {
  const root = join(__dirname, '..');
  return join(__filename.endsWith('.ts') ? join(root, '..', 'dist') : root, `${name}.js`);
}
