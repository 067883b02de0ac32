// `npm run test:chaos`: a run of chaos for as long as asked, and its figures.
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { javaAndMavenMissing } from '../broker/kafka-jars';
import { runChaos } from './chaos-run';
import { FAULTS } from './faults';
import { figureLines } from './figures';
import { brokenPromises, emptiness, slowRecoveries, untold } from './verdict';

interface Flags {
  minutes: number;
  seed: number;
  rate: number;
  recovery: number;
  quick?: boolean;
}

const program = new Command('test:chaos')
  .description('Hurts a cluster of three real brokers while every API writes, then checks every record')
  .option('--minutes <number>', 'faults strike for this long; each strikes once at least', number, 3)
  .option('--seed <number>', 'repeats the choices of the run that printed it', positive)
  .option('--rate <number>', 'records a second, of all writers together', positive, 3_000)
  .option('--recovery <seconds>', 'how soon after a fault the rate must be back', positive, 5)
  .option('--quick', 'leaves out the faults that take a minute')
  .action(async ({ minutes, seed = randomInt(1, 2 ** 32), rate, recovery, quick = false }: Flags) => {
    const missing = javaAndMavenMissing();
    if (missing) throw new Error(missing);
    console.log(`seed ${seed}`);
    const figures = await runChaos({
      seed,
      minutes,
      faults: FAULTS.filter(({ slow }) => !(quick && slow)),
      recordsPerSecond: rate,
      onProgress: (line) => console.log(line),
    });
    console.log(`\n${figureLines(figures).join('\n')}`);
    const unknown = untold(figures.faults);
    if (unknown > 0) {
      console.log(`\nThe machine was too busy to tell how soon the rate was back after ${unknown} faults.`);
    }
    say('BROKEN PROMISES', brokenPromises(figures));
    say(`NOT BACK WITHIN ${recovery} S`, slowRecoveries(figures.faults, recovery * 1_000));
    say('TOO LITTLE TO TELL', emptiness(figures));
    if (process.exitCode === 1) console.error(`\nseed ${seed}`);
  });

function say(what: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  console.error(`\n${what}\n${lines.join('\n')}`);
  process.exitCode = 1;
}

function number(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('It must be a number, 0 or more.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

program.parseAsync().catch((error) => {
  console.error(error);
  process.exit(1);
});
