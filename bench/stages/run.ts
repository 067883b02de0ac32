// `npm run bench:stages`: the stages of a record's way, each alone, in nanoseconds a record. `-- --ms 200` measures each
// for so long, a second by default.
import { parseArgs } from 'node:util';
import { murmur2Verdicts, verdictTable } from '../report/verdicts';
import { BATCH_CALL, murmur2Stages } from './murmur2';
import { CPP_LOOP, murmur2Programs } from './murmur2-programs';
import { packingStages } from './packing';
import { deliveryStages, submitStages } from './sending';
import { serializerStages } from './serializers';
import type { Stage } from './stage';

interface Line {
  stage: string;
  what: string;
  'ns a record': string;
  'p75–p99': string;
}

async function measured(stages: Stage[], time: number): Promise<Line[]> {
  // tinybench is an ES module only.
  const { Bench } = await import('tinybench');
  const bench = new Bench({ time, warmupTime: time / 5 });
  for (const [id, { run }] of stages.entries()) {
    bench.add(String(id), async (): Promise<{ overriddenDuration?: number }> => {
      const counted = await run();
      return typeof counted === 'number' ? { overriddenDuration: counted } : {};
    });
  }
  await bench.run();
  return bench.tasks.map(({ name, result }) => {
    const { group, name: what, records } = stages[Number(name)]!;
    if (result.state !== 'completed')
      throw new Error(`${group}, ${what}: did not complete (${result.state})`);
    const ns = (ms: number) => ((ms * 1e6) / records).toFixed(1);
    const { p50, p75, p99 } = result.latency;
    return { stage: group, what, 'ns a record': ns(p50), 'p75–p99': `${ns(p75)}–${ns(p99)}` };
  });
}

async function main() {
  const { values } = parseArgs({ options: { ms: { type: 'string', default: '1000' } } });
  const time = Number(values.ms);
  if (!(time > 0)) throw new RangeError(`--ms must be a number above 0, got ${values.ms}`);
  const lines: Line[] = [];
  for (const { group, name, measure, missing } of murmur2Programs) {
    const why = missing?.();
    const ns = why === undefined ? (await measure()).toFixed(1) : `not run: ${why}`;
    lines.push({ stage: group, what: name, 'ns a record': ns, 'p75–p99': '–' });
  }
  lines.push(
    ...(await measured(
      [...murmur2Stages(), ...packingStages(), ...serializerStages(), ...deliveryStages()],
      time,
    )),
  );
  const { stages, close } = await submitStages();
  try {
    lines.push(...(await measured(stages, time)));
  } finally {
    await close();
  }
  console.table(lines);
  const nsOf = (what: string): number | undefined => {
    const ns = Number(lines.find((line) => line.what === what)?.['ns a record']);
    return Number.isNaN(ns) ? undefined : ns;
  };
  console.log(verdictTable(murmur2Verdicts(nsOf(CPP_LOOP), nsOf(BATCH_CALL))));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
