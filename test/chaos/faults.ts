// What goes wrong. Each fault begins, lasts and ends in one call. That of a broker that went down ends when it is back and
// leads again what it led; after the others the cluster heals by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealBroker, RealKafka } from '../broker/real-kafka';
import type { TcpProxy } from '../broker/tcp-proxy';
import {
  createTopic,
  deleteTopic,
  growTopic,
  partitionStates,
  untilInSync,
  untilLedAsMeant,
} from '../broker/topics';
import type { Random } from './random';
import { REQUEST_TIMEOUT_MS } from './writers';

export interface Scene {
  kafka: RealKafka;
  random: Random;
  /** Whose records are checked. */
  topic: string;
  /** A topic that may be deleted with its records. */
  doomedTopic: string;
}

export interface Fault {
  readonly name: string;
  strike(scene: Scene): Promise<void>;
  /** Takes a minute or more. */
  readonly slow?: boolean;
}

const MOST_PARTITIONS = 30;

export const FAULTS: readonly Fault[] = [
  {
    name: 'leader killed (SIGKILL), started again',
    strike: async (scene) => {
      const leader = await someLeader(scene);
      await leader.kill('SIGKILL');
      await sleep(scene.random.between(0, 2_000));
      await leader.start();
      await untilLedAsMeant(scene.kafka.directServers, scene.topic);
    },
  },
  {
    name: 'rolling restart (SIGTERM)',
    slow: true,
    strike: async ({ kafka, random, topic }) => {
      for (const broker of random.shuffled(kafka.brokers)) {
        await broker.kill('SIGTERM');
        await broker.start();
        await untilInSync(kafka.directServers, topic);
      }
      await untilLedAsMeant(kafka.directServers, topic);
    },
  },
  {
    name: 'leader paused (SIGSTOP) beyond the request timeout',
    strike: async (scene) => {
      const leader = await someLeader(scene);
      await leader.kill('SIGSTOP');
      // Sometimes beyond its session with the controllers too: it wakes up and still believes that it leads.
      await sleep(REQUEST_TIMEOUT_MS + scene.random.between(1_000, 6_000));
      await leader.kill('SIGCONT');
    },
  },
  {
    name: 'connections cut, again and again',
    strike: async ({ kafka, random }) => {
      for (let i = 0; i < 5; i++) {
        random.pick(proxies(kafka)).cut();
        await sleep(random.between(50, 400));
      }
      for (const proxy of proxies(kafka)) proxy.cut();
    },
  },
  {
    name: 'connections left half open',
    strike: async ({ kafka }) => {
      for (const proxy of proxies(kafka)) proxy.leaveHalfOpen();
    },
  },
  {
    name: 'bytes held back beyond the request timeout, then delivered',
    strike: async ({ kafka, random }) => {
      const stalled = random.shuffled(proxies(kafka)).slice(0, random.pick([1, 3]));
      for (const proxy of stalled) proxy.stall();
      await sleep(REQUEST_TIMEOUT_MS + random.between(500, 2_000));
      for (const proxy of stalled) proxy.resume();
    },
  },
  {
    name: 'latency',
    strike: async ({ kafka, random }) => {
      for (const proxy of proxies(kafka)) proxy.delayBy(random.between(20, 300));
      await sleep(random.between(2_000, 4_000));
      for (const proxy of proxies(kafka)) proxy.delayBy(0);
    },
  },
  {
    name: 'leader killed among slow connections',
    slow: true,
    strike: async (scene) => {
      const { kafka, random } = scene;
      const leader = await someLeader(scene);
      for (const proxy of proxies(kafka)) proxy.delayBy(random.between(20, 150));
      await leader.kill('SIGKILL');
      await leader.start();
      await untilLedAsMeant(kafka.directServers, scene.topic);
      for (const proxy of proxies(kafka)) proxy.delayBy(0);
    },
  },
  {
    name: 'partitions added',
    strike: async ({ kafka, random, topic }) => {
      const { length } = await partitionStates(kafka.directServers, topic);
      const wanted = Math.min(MOST_PARTITIONS, length + random.pick([1, 2, 3]));
      if (wanted > length) await growTopic(kafka.directServers, topic, wanted);
    },
  },
  {
    name: 'another topic deleted and made again',
    strike: async ({ kafka, random, doomedTopic }) => {
      await deleteTopic(kafka.directServers, doomedTopic);
      await sleep(random.between(0, 3_000));
      await createTopic(kafka.directServers, { topic: doomedTopic, partitions: random.pick([1, 2, 3]) });
    },
  },
];

async function someLeader({ kafka, random, topic }: Scene): Promise<RealBroker> {
  const states = await partitionStates(kafka.directServers, topic);
  const { leader } = random.pick(states.filter((state) => state.leader !== -1));
  return kafka.brokers.find(({ id }) => id === leader) as RealBroker;
}

function proxies(kafka: RealKafka): TcpProxy[] {
  return kafka.brokers.map(({ proxy }) => proxy as TcpProxy);
}
