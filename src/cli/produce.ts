// `millrace produce`: the records of a file or of standard input, into a topic.
import type { Command } from 'commander';
import { IngestError, type IngestReject, type Producer } from '../index';
import { openRejects, type RejectSink } from '../ingest/reject-sink';
import { fileOf } from '../ingest/source';
import { readConnection } from './config-file';
import { EXIT_FAILED, EXIT_OK, orErrorAsJson } from './exit';
import { FailureLog } from './failure-log';
import { findInput, type Input } from './input';
import { Interruption } from './interruption';
import { openProducer, tellBrokerErrors } from './open-producer';
import { addProduceFlags, formatName, type ProduceFlags, toIngestOptions } from './produce-flags';
import { toProducerOptions } from './producer-flags';
import { Progress } from './progress';
import { plural, type RunDescription, summaryData, summaryLine } from './summary';
import { Tally } from './tally';
import { openTargetCluster } from './target-cluster';

export function addProduceCommand(program: Command): void {
  const command = program
    .command('produce')
    .summary('produce the lines of a file or of standard input')
    .description('Produces the lines of FILE, or of standard input, into a topic.')
    .argument('[FILE]', 'what to read; - or nothing for standard input');
  addProduceFlags(command).action(async (argument: string | undefined, flags: ProduceFlags) => {
    const file = argument === undefined || argument === '-' ? null : argument;
    const tally = new Tally();
    const run = {
      topic: flags.topic,
      input: file ?? 'standard input',
      format: formatName(flags, file),
      interrupted: false,
    };
    const known = () => summaryData(run, tally);
    process.exitCode = await orErrorAsJson(flags.json, known, () => produce(file, flags, run, tally));
  });
}

async function produce(
  file: string | null,
  flags: ProduceFlags,
  run: RunDescription,
  tally: Tally,
): Promise<number> {
  const options = toIngestOptions(flags, file);
  const connection = await readConnection(flags);
  const input = await findInput(file);
  const resumed = (flags.startOffset ?? 0) > 0;
  const rejects =
    flags.rejects === undefined ? undefined : await openRejects(flags.rejects, fileOf(input.source), resumed);
  const cluster = await openTargetCluster(connection.brokers, flags.topic);
  try {
    const producer = await openProducer(toProducerOptions(flags, connection, cluster.bootstrapServers));
    // Until here, a signal ends the process as it always does: there is nothing to lose yet.
    const interruption = new Interruption();
    try {
      await ingest(producer, input, options, rejects, interruption, tally);
    } catch (error) {
      // How far it came is worth telling.
      if (error instanceof IngestError) tally.set(error.report);
      const givenUp = interruption.giveUp.aborted && (error as { code?: unknown }).code === 'PRODUCER_CLOSED';
      if (!givenUp) {
        if (tally.sent > 0 && !flags.json) process.stdout.write(`Failed: ${summaryLine(tally)}\n`);
        throw error;
      }
    } finally {
      run.interrupted = interruption.exitCode !== null;
      interruption.dispose();
    }
    const line = `${run.interrupted ? 'Interrupted: ' : ''}${summaryLine(tally)}`;
    process.stdout.write(`${flags.json ? JSON.stringify(summaryData(run, tally)) : line}\n`);
    return interruption.exitCode ?? (tally.errors > 0 ? EXIT_FAILED : EXIT_OK);
  } finally {
    await rejects?.close();
    await cluster.close();
  }
}

/** Closes the producer. */
async function ingest(
  producer: Producer,
  input: Input,
  options: ReturnType<typeof toIngestOptions>,
  rejects: RejectSink | undefined,
  interruption: Interruption,
  tally: Tally,
): Promise<void> {
  tally.startClock();
  const toRead = input.size === null ? null : Math.max(0, input.size - (options.startOffset ?? 0));
  const progress = new Progress(tally, toRead);
  tellBrokerErrors(producer, (line) => progress.note(line));
  const failures = new FailureLog((line) => progress.note(line));
  interruption.stop.addEventListener('abort', () => {
    progress.note(
      `Stopping: waiting for ${plural(tally.inFlight, 'record')}; interrupt again to give up on them.`,
    );
  });
  // Closing without patience fails what is still on its way, so that every record gets its answer.
  interruption.giveUp.addEventListener('abort', () => void producer.close({ timeoutMs: 0 }));
  try {
    const report = await producer.ingest(input.source, {
      ...options,
      rejects: async (reject) => {
        failures.add(reject.line, describe(reject));
        if (rejects === undefined) tally.lose(reject);
        else await rejects.take(reject);
      },
      onHeader: (header) => rejects?.setHeading(header),
      onProgress: (sofar) => {
        tally.set(sofar);
        progress.update(sofar.bytesRead);
      },
      signal: interruption.stop,
    });
    tally.set(report);
  } finally {
    tally.stopClock();
    progress.stop();
    failures.finish();
    await producer.close();
  }
}

function describe({ reason, persisted }: IngestReject): string {
  return persisted === 'possibly' ? `${reason} (the broker may have stored it all the same)` : reason;
}
