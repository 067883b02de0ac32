// Topics for tests, made and looked at through KafkaJS's admin client.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, KafkaConfig } from 'kafkajs';
import { kafkaJs } from './kafkajs-client';

const TIMEOUT_MS = 30_000;
/** A broker that comes back reads its log first, and catches up with what the others wrote meanwhile. */
const IN_SYNC_TIMEOUT_MS = 120_000;
const POLL_MS = 50;

export interface TopicOptions {
  /** A unique name when not given. */
  topic?: string;
  partitions: number;
  /** The broker's default when not given. */
  replicationFactor?: number;
  configs?: Record<string, string>;
}

/** Makes a topic, waits until each partition can be written to, and returns the topic's name. */
export async function createTopic(brokers: string, options: TopicOptions): Promise<string> {
  const { topic = `test-${randomUUID()}`, partitions, replicationFactor = -1, configs = {} } = options;
  return withAdmin(brokers, async (admin) => {
    const created = await admin.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    if (!created) throw new Error(`Topic ${topic} is there already`);
    await untilWritable(admin, topic, partitions);
    return topic;
  });
}

/** Adds partitions to a topic, up to the given number in all, and waits until each can be written to. */
export async function growTopic(brokers: string, topic: string, partitions: number): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] });
    await untilWritable(admin, topic, partitions);
  });
}

/**
 * Gives a partition other replicas. The first of them leads, if it is in sync. Tries again while the request goes to a
 * broker that is paused: KafkaJS asks whichever is named as the controller, which may be any.
 */
export async function movePartition(
  brokers: string,
  topic: string,
  partition: number,
  replicas: number[],
): Promise<void> {
  const patience = { requestTimeout: 2_000, retry: { retries: 0 } };
  const request = { topics: [{ topic, partitionAssignment: [{ partition, replicas }] }] };
  await until(`partition ${partition} of ${topic} may move to ${replicas}`, () =>
    withAdmin(brokers, (admin) => admin.alterPartitionReassignments(request), patience).then(
      () => true,
      () => false,
    ),
  );
}

/** Deletes a topic and waits until the brokers no longer name it. */
export async function deleteTopic(brokers: string, topic: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until(`topic ${topic} is gone`, async () => !(await admin.listTopics()).includes(topic));
  });
}

/**
 * Of each partition, the offset after the last record that readers can see. Transactions that are open count for
 * nothing, and so do ones just committed or aborted, until the brokers have written their markers.
 */
export async function endOffsets(brokers: string, topic: string): Promise<bigint[]> {
  return (await offsetRanges(brokers, topic)).map(({ end }) => end);
}

export interface OffsetRange {
  /** The offset of the oldest record that is still there. */
  start: bigint;
  end: bigint;
}

/**
 * Of each partition, which offsets readers can see now. Waits for leaders that do not act as such yet, which a topic has that
 * a broker makes by itself.
 */
export async function offsetRanges(brokers: string, topic: string): Promise<OffsetRange[]> {
  const partitions = await withAdmin(brokers, (admin) =>
    until(`the leaders of ${topic} tell its offsets`, () =>
      admin.fetchTopicOffsets(topic).catch((error) => {
        if (!error.retriable) throw error;
        return false as const;
      }),
    ),
  );
  return partitions
    .sort((a, b) => a.partition - b.partition)
    .map(({ low, high }) => ({ start: BigInt(low), end: BigInt(high) }));
}

export interface PartitionState {
  partition: number;
  /** -1: none. */
  leader: number;
  /** Who leads it when all is well. */
  preferredLeader: number;
  /** Broker ids, ascending. */
  replicas: number[];
  inSync: number[];
}

/** Who leads each partition, who stores it, and who is up to date. */
export async function partitionStates(brokers: string, topic: string): Promise<PartitionState[]> {
  const { topics } = await withAdmin(brokers, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
  return topics[0].partitions
    .map(({ partitionId, leader, replicas, isr }) => ({
      partition: partitionId,
      leader,
      preferredLeader: replicas[0],
      replicas: [...replicas].sort((a, b) => a - b),
      inSync: [...isr].sort((a, b) => a - b),
    }))
    .sort((a, b) => a.partition - b.partition);
}

/** Waits until every replica of every partition is up to date. */
export function untilInSync(brokers: string, topic: string): Promise<void> {
  return untilEachPartition(
    brokers,
    topic,
    'has a leader and is in sync',
    (state) => state.leader !== -1 && isInSync(state),
  );
}

/**
 * Waits until every partition is led as it was meant to be, by a broker whose replicas are all up to date. A broker that
 * came back leads again only when the controller looks (`leader.imbalance.check.interval.seconds`).
 */
export function untilLedAsMeant(brokers: string, topic: string): Promise<void> {
  return untilEachPartition(
    brokers,
    topic,
    'is in sync and led by its preferred leader',
    (state) => state.leader === state.preferredLeader && isInSync(state),
  );
}

function isInSync({ replicas, inSync }: PartitionState): boolean {
  return inSync.length === replicas.length;
}

async function untilEachPartition(
  brokers: string,
  topic: string,
  what: string,
  is: (state: PartitionState) => boolean,
): Promise<void> {
  await until(
    `every partition of ${topic} ${what}`,
    async () => (await partitionStates(brokers, topic)).every(is),
    IN_SYNC_TIMEOUT_MS,
  );
}

/** An admin client of KafkaJS for as long as `use` takes. */
export async function withAdmin<T>(
  brokers: string,
  use: (admin: Admin) => Promise<T>,
  settings?: Partial<KafkaConfig>,
): Promise<T> {
  const admin = kafkaJs(brokers, settings).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Waits until a topic has so many partitions that can be written to, and read. */
export async function untilWritable(admin: Admin, topic: string, count: number): Promise<void> {
  // Metadata names a leader a little before that broker acts as one; it tells offsets only when it does.
  await until(`topic ${topic} has ${count} partitions that can be written to`, () =>
    admin.fetchTopicOffsets(topic).then(
      (partitions) => partitions.length === count,
      () => false,
    ),
  );
}

/** Gives back what there is once it is there. */
async function until<T>(what: string, look: () => Promise<T | false>, timeoutMs = TIMEOUT_MS): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
