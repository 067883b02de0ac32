// What threads are worth, on a local real Kafka: batches by way of producer.workers(), each workload in each mode, and
// batches from two and eight threads of one's own against batches from one. Contenders take turns; medians of the rounds.
//
//   npm run bench:workers                            5 rounds of 2 s for each
//   npm run bench:workers -- --rounds N --seconds N  more or fewer, longer or shorter
//   npm run bench:workers -- --only text             what has this text in its name: 'threads of one' are attached ones
//   npm run bench:workers -- --brokers host:port     a cluster of one's own
//   npm run bench:workers -- --warmup N              seconds of load before anything is measured, 20 unless said otherwise:
//                                                    a fresh JVM compiles on both processors at first
import { parseArgs } from 'node:util';
import { RealKafka } from '../../test/broker/real-kafka';
import { createTopic, deleteTopic } from '../../test/broker/topics';
import { spreadOf } from '../statistics';
import { attachedThreads, callerAlone, VALUES } from './attached-threads';
import type { Contender, Figures } from './contender';
import { modesOf, WORKLOADS } from './modes';

const PARTITIONS = 6;

interface Round {
  only: string;
  rounds: number;
  ms: number;
}

/** A line of the table, against the first of its group. */
function line(name: string, rounds: Figures[], first: Figures[]) {
  const of = (figure: keyof Figures, from = rounds) => spreadOf(from.map((round) => round[figure] as number));
  const rate = of('perSecond');
  const text = (figure: keyof Figures, digits: number) => of(figure)?.median.toFixed(digits) ?? '-';
  return {
    contender: name,
    'records/s': Math.round(rate?.median ?? 0),
    'min-max': `${Math.round(rate?.min ?? 0)}-${Math.round(rate?.max ?? 0)}`,
    '× first': ((rate?.median ?? 0) / (of('perSecond', first)?.median ?? 0)).toFixed(2),
    'loop p50 ms': text('loopDelayP50', 1),
    'loop p99 ms': text('loopDelayP99', 1),
    'CPU µs/record': text('cpuMicroseconds', 2),
    'serialize µs': text('inlineMicroseconds', 2),
    'hand over µs': text('handOverMicroseconds', 2),
    'idle processors': text('idleProcessors', 2),
    modes: [...new Set(rounds.map(({ mode }) => mode).filter((mode) => mode !== undefined))].join(', '),
  };
}

async function compare(title: string, open: () => Contender[], { only, rounds, ms }: Round): Promise<void> {
  if (!title.includes(only)) return;
  const contenders = open();
  const figures = contenders.map((): Figures[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // Each comes first as often as any other.
      const i = (round + turn) % contenders.length;
      figures[i].push(await contenders[i].run(ms));
    }
  }
  for (const contender of contenders) await contender.close?.();
  console.log(title);
  console.table(contenders.map(({ name }, i) => line(name, figures[i], figures[0])));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      brokers: { type: 'string' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      warmup: { type: 'string', default: '20' },
      threads: { type: 'string', default: '2' },
    },
  });
  const rounds = Number(values.rounds);
  const ms = Number(values.seconds) * 1_000;
  const threads = Number(values.threads);
  const warmUpMs = Number(values.warmup) * 1_000;
  if (!(rounds >= 1 && ms > 0 && threads >= 1 && warmUpMs >= 0)) {
    throw new RangeError('--rounds and --threads must be at least 1, --seconds above 0, --warmup not below');
  }
  const round = { only: values.only, rounds, ms };
  const kafka = values.brokers === undefined ? await RealKafka.start({ fast: true }) : undefined;
  const brokers = kafka?.bootstrapServers ?? (values.brokers as string);
  try {
    const topic = await createTopic(brokers, { partitions: PARTITIONS });
    const text = VALUES['text of 100 B'];
    for (const first of [callerAlone(brokers, topic, text), attachedThreads(brokers, topic, text, 8)]) {
      await first.run(warmUpMs / 2);
      await first.close?.();
    }
    for (const name of Object.keys(WORKLOADS)) {
      await compare(name, () => modesOf(name, brokers, topic, threads), round);
    }
    for (const [name, values] of Object.entries(VALUES)) {
      const open = () => [
        callerAlone(brokers, topic, values),
        attachedThreads(brokers, topic, values, 2),
        attachedThreads(brokers, topic, values, 8),
      ];
      await compare(`threads of one’s own: ${name}`, open, round);
    }
    await deleteTopic(brokers, topic);
  } finally {
    await kafka?.stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
