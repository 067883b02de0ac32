// npm run test:life -- [--cycles N] [--exits N] [--freeze SECONDS]: producers opened and closed, processes ended with
// records in flight, a process stopped and continued. Says what it found, and ends with 1 when that is not good. V8's
// young generation is held small (`--max-semi-space-size`): otherwise it grows to 16 MiB at some time within the cycles.
import { parseArgs } from 'node:util';
import { EmbeddedCluster } from '../../src/testing';
import { createTopic } from '../broker/topics';
import { withBrokers } from './brokers';
import { runCycles } from './cycles';
import { endProcess, WAYS } from './exits';
import { freeze } from './frozen';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '1000' },
    exits: { type: 'string', default: '1000' },
    freeze: { type: 'string', default: '60' },
  },
});

function report(good: boolean, text: string): void {
  console.log(`${good ? 'good' : 'BAD '}  ${text}`);
  if (!good) process.exitCode = 1;
}

async function cycles(brokers: string, count: number): Promise<void> {
  const topic = await createTopic(brokers, { partitions: 3 });
  const { warm, early, end } = await runCycles(brokers, topic, count);
  const growth = end.rssMib - early.rssMib;
  report(
    end.threads <= warm.threads && end.files <= warm.files && growth <= 5,
    `${count} cycles: threads ${warm.threads} -> ${end.threads}, files ${warm.files} -> ${end.files}, ` +
      `RSS ${early.rssMib.toFixed(1)} -> ${end.rssMib.toFixed(1)} MiB after the first tenth`,
  );
}

async function exits(count: number): Promise<void> {
  const ways = Object.entries(WAYS);
  const wrong: string[] = [];
  for (let i = 0; i < count; i++) {
    const [way, expected] = ways[i % ways.length];
    const { code, signal } = await endProcess(way);
    if (code !== expected.code || signal !== expected.signal) wrong.push(`${way}: ${code ?? signal}`);
  }
  report(
    wrong.length === 0,
    `${count} process ends (${ways.map(([way]) => way).join(', ')}): ${wrong.length} wrong ${wrong.join('; ')}`,
  );
}

async function frozen(brokers: string, seconds: number): Promise<void> {
  const topic = await createTopic(brokers, { partitions: 1 });
  const cluster = await EmbeddedCluster.start({ topics: [{ topic, partitions: 1 }] });
  await Promise.all([
    thaws('a real Kafka', brokers, topic, seconds),
    thaws('the embedded cluster', cluster.bootstrapServers, topic, seconds),
  ]);
  await cluster.close();
}

async function thaws(where: string, brokers: string, topic: string, seconds: number): Promise<void> {
  const { inFlight, first } = await freeze(brokers, topic, seconds * 1000);
  const outcome = ({ ms, error }: typeof first) => `${error ?? 'delivered'} after ${ms.toFixed(0)} ms`;
  report(
    first.error === undefined &&
      inFlight.error === undefined &&
      inFlight.ms > 900 * seconds &&
      first.ms < 1000,
    `stopped for ${seconds} s, ${where}: what was in flight ${outcome(inFlight)}; the next send ${outcome(first)}`,
  );
}

void withBrokers(async (brokers) => {
  if (Number(values.cycles) > 0) await cycles(brokers, Number(values.cycles));
  if (Number(values.freeze) > 0) await frozen(brokers, Number(values.freeze));
  if (Number(values.exits) > 0) await exits(Number(values.exits));
});
