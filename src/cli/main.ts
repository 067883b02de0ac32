#!/usr/bin/env node
// The `millrace` program: its commands, and how it tells of errors.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { messageOf } from '../errors';
import { addClusterCommand } from './cluster';
import { addConfigCommand } from './config';
import { EXIT_OK, EXIT_USAGE, exitCodeOf, outliveReaders } from './exit';
import { printable } from './failure-log';
import { addPartitionsCommand } from './partitions-plan';
import { addPerfCommand } from './perf';
import { addProduceCommand } from './produce';

async function main(): Promise<void> {
  outliveReaders();
  const program = new Command('millrace')
    .description('Gets records into Apache Kafka.')
    .version(ownVersion())
    .option('--debug', 'show the stack of an error')
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)');
  addProduceCommand(program);
  addPerfCommand(program);
  addClusterCommand(program);
  addPartitionsCommand(program);
  addConfigCommand(program);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has told its errors by itself.
      process.exitCode = error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
      return;
    }
    process.exitCode = exitCodeOf(error);
    tell(error, program.opts().debug === true);
  }
}

function tell(error: unknown, debug: boolean): void {
  process.stderr.write(`millrace: ${printable(messageOf(error))}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

function ownVersion(): string {
  // The same from src/cli and from dist/cli.
  const manifest = readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

void main();
