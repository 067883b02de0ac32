// `npm run test:chaos`: a run of chaos for as long as asked, and its figures.
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { javaAndMavenMissing } from '../broker/kafka-jars';
import { runChaos } from './chaos-run';
import { FAULTS } from './faults';
import { brokenPromises, figureLines } from './figures';

interface Flags {
  minutes: number;
  seed: number;
  rate: number;
  quick?: boolean;
}

const program = new Command('test:chaos')
  .description('Hurts a cluster of three real brokers while every API writes, then checks every record')
  .option('--minutes <number>', 'faults strike for this long; each strikes once at least', positive, 3)
  .option('--seed <number>', 'repeats the choices of the run that printed it', positive)
  .option('--rate <number>', 'records a second, of all writers together', positive, 3_000)
  .option('--quick', 'leaves out the faults that take a minute')
  .action(async ({ minutes, seed = randomInt(1, 2 ** 32), rate, quick = false }: Flags) => {
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
    const broken = brokenPromises(figures);
    if (broken.length === 0) return;
    console.error(`\nBROKEN PROMISES (seed ${seed})\n${broken.join('\n')}`);
    process.exitCode = 1;
  });

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

program.parseAsync().catch((error) => {
  console.error(error);
  process.exit(1);
});
