// `npm run demo`: a million events from a file into a cluster embedded in the process (or into --brokers …).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeEvents } from './make-events.mjs';

const EVENTS = 1_000_000;
const here = path.dirname(fileURLToPath(import.meta.url));
const cli = path.join(here, '..', 'dist', 'cli', 'main.js');
const file = path.relative('', path.join(here, 'events.ndjson'));

if (!existsSync(cli)) {
  console.error('The demo runs the built program: npm run build first.');
  process.exit(1);
}
if (!existsSync(file)) await makeEvents(file, EVENTS);

const args = ['produce', '--topic', 'events', '--key-field', 'user', file, ...process.argv.slice(2)];
console.error(`$ millrace ${args.join(' ')}`);
const child = spawn(process.execPath, [cli, ...args], { stdio: 'inherit' });
// The terminal sends Ctrl-C to both; the program tells its tally before it ends.
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : code;
});
