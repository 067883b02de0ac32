// What one bad topic costs another: the full rate of a healthy topic while the same producer's other topic cannot be
// delivered, as a part of its rate alone. Closed loop, on three real brokers of which one is killed; the situations take
// turns, and each round's rates are held against each other: medians of those count, so that what else the machine does
// matters little.
//
//   npm run bench:bad-topic                 20 rounds of 0.5 s for each situation
//   npm run bench:bad-topic -- --rounds N   more or fewer
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Producer } from 'millrace';
import { KafkaWithAcls } from '../test/broker/kafka-with-acls';
import { createTopic, partitionStates } from '../test/broker/topics';
import { median } from './statistics';

const WINDOW_MS = 500;
const WARM_UP_MS = 500;
/** Records for the bad topic in each second beside, in the turns in which the good one's are sent. */
const BAD_PER_SECOND = 1_000;
/** Longer than all of this takes: what is stuck stays stuck. */
const LONG_MS = 1_800_000;
const VALUE = 'x'.repeat(100);

interface Situation {
  name: string;
  producer: Producer;
  /** What goes on beside. */
  bad?: string;
}

type Workload = (producer: Producer, topic: string, until: number) => Promise<number>;

const WORKLOADS: Record<string, Workload> = {
  'sends of 1 record, 1,000 callers': (producer, topic, until) =>
    callers(1_000, until, async (i) => {
      await producer.send({ topic, key: `user-${i}`, value: VALUE });
      return 1;
    }),
  'batches of 1,000 records, 8 callers': (producer, topic, until) =>
    callers(8, until, async () => {
      const records = Array.from({ length: 1_000 }, (_, i) => ({ topic, key: `user-${i}`, value: VALUE }));
      return (await producer.sendBatch(records)).deliveredCount;
    }),
};

/** Records delivered until then. */
async function callers(
  count: number,
  until: number,
  send: (caller: number) => Promise<number>,
): Promise<number> {
  let delivered = 0;
  const call = async (_: unknown, i: number) => {
    while (performance.now() < until) {
      const sent = await send(i);
      if (performance.now() < until) delivered += sent;
    }
  };
  await Promise.all(Array.from({ length: count }, call));
  return delivered;
}

interface Window {
  perSecond: number;
  cpuMicroseconds: number;
}

/** The good topic's records: how many a second, and what each costs this process. */
async function rate({ producer, bad }: Situation, work: Workload, good: string, ms: number): Promise<Window> {
  const until = performance.now() + ms;
  const beside = async () => {
    for (let sent = 0; bad !== undefined && performance.now() < until; sent += 5) {
      for (let i = 0; i < 5; i++) producer.send({ topic: bad, value: VALUE }).catch(() => {});
      await pause(Math.max(0, until - ms + ((sent + 5) / BAD_PER_SECOND) * 1_000 - performance.now()));
    }
  };
  const before = process.cpuUsage();
  const [delivered] = await Promise.all([work(producer, good, until), beside()]);
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (delivered / ms) * 1_000, cpuMicroseconds: (user + system) / delivered };
}

/** Fills the topic's share, with callers that wait for more. */
async function flood(producer: Producer, topic: string): Promise<void> {
  const records = new Array(1_000).fill({ topic, value: 'x'.repeat(1_000) });
  for (let i = 0; i < 40; i++) producer.sendBatch(records).catch(() => {});
  await pause(1_000);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
  const acls = await KafkaWithAcls.start({ brokers: 3, heap: '384m' });
  const { kafka } = acls;
  const producers: Producer[] = [];
  const open = () => {
    const producer = new Producer({
      ...acls.asUser,
      deliveryTimeoutMs: LONG_MS,
      maxBlockMs: LONG_MS,
      metadataMaxAgeMs: 1_000,
    });
    producer.on('brokerError', () => {});
    producers.push(producer);
    return producer;
  };
  try {
    const { bootstrapServers } = kafka;
    const good = await createTopic(bootstrapServers, { partitions: 3 });
    const leaderless = await createTopic(bootstrapServers, { partitions: 1, replicationFactor: 1 });
    const unauthorized = await createTopic(bootstrapServers, { partitions: 3 });
    await acls.deny(unauthorized, 'write');
    const situations: Situation[] = [
      { name: 'alone', producer: open() },
      { name: 'beside a leaderless topic', producer: open(), bad: leaderless },
      { name: 'beside one that has filled its share', producer: open(), bad: leaderless },
      { name: 'beside one that had filled the buffer as the only topic', producer: open(), bad: leaderless },
      { name: 'beside an unauthorized topic', producer: open(), bad: unauthorized },
    ];
    const [, filling, full, only] = situations;
    for (const { producer } of [filling, full]) await producer.send({ topic: leaderless, value: VALUE });
    const before = performance.now() + 2_000;
    const load = WORKLOADS['batches of 1,000 records, 8 callers'](only.producer, leaderless, before);
    await pause(1_500);
    const [{ leader }] = await partitionStates(bootstrapServers, leaderless);
    await kafka.brokers.find(({ id }) => id === leader)?.kill('SIGKILL');
    load.catch(() => {});
    await Promise.all([flood(full.producer, leaderless), flood(only.producer, leaderless)]);
    for (const { name, producer } of situations) {
      const { bufferedBytes, bufferMemory, waitingSends } = producer.metrics();
      const part = ((bufferedBytes / bufferMemory) * 100).toFixed(0);
      console.log(`${name}: ${part} % of the buffer taken, ${waitingSends} calls waiting`);
    }
    for (const [name, work] of Object.entries(WORKLOADS)) {
      const windows = situations.map((): Window[] => []);
      for (const situation of situations) await rate(situation, work, good, WARM_UP_MS);
      for (let round = 0; round < Number(values.rounds); round++) {
        // Each comes first as often as any other.
        for (let turn = 0; turn < situations.length; turn++) {
          const i = (round + turn) % situations.length;
          windows[i].push(await rate(situations[i], work, good, WINDOW_MS));
        }
      }
      console.log(`\n${name}`);
      situations.forEach((situation, i) => {
        const perSecond = Math.round(median(windows[i].map((window) => window.perSecond)));
        const part = median(windows[i].map((window, at) => window.perSecond / windows[0][at].perSecond));
        const cpu = median(windows[i].map((window) => window.cpuMicroseconds));
        console.log(
          `  ${situation.name.padEnd(56)} ${perSecond.toLocaleString('en').padStart(9)}/s ${(part * 100).toFixed(0).padStart(4)} %  ${cpu.toFixed(1)} µs CPU each`,
        );
      });
    }
  } finally {
    await Promise.all(producers.map((producer) => producer.close({ timeoutMs: 0 })));
    await kafka.stop();
  }
}

void main();
