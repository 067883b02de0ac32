// What transact() makes of each answer of a coordinator: tries again, aborts, or ends the producer. The table of
// docs/transactions.md.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Producer } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

const APIS = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
] as const;
type Api = (typeof APIS)[number];

async function start(): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  return cluster;
}

const patient = (cluster: EmbeddedCluster) => ({
  bootstrapServers: cluster.bootstrapServers,
  transactionalId: 'relay',
  transactionTimeoutMs: 20_000,
  retryBackoffMs: 5,
  retryBackoffMaxMs: 20,
});

async function open(cluster: EmbeddedCluster, api: Api): Promise<Producer> {
  const producer = openProducer(patient(cluster));
  if (api !== 'InitProducerId') await producer.transact((tx) => tx.send({ topic: 'orders', value: 'first' }));
  return producer;
}

/** One transaction with all that there may be in one; returns how often its function ran. */
async function relay(producer: Producer, retries = 0): Promise<number> {
  let runs = 0;
  await producer.transact(
    async (tx) => {
      runs++;
      await tx.send({ topic: 'orders', value: 'relayed' });
      await tx.sendOffsets({
        consumerGroupId: 'relays',
        topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: 1 }] }],
      });
    },
    { retries },
  );
  return runs;
}

/** For each code the calls it may be an answer to. */
function cases(table: Record<string, readonly Api[]>): { api: Api; code: string }[] {
  return Object.entries(table).flatMap(([code, apis]) => apis.map((api) => ({ api, code })));
}

/** A cluster and a producer that outlive each test of the block, as the producer should. */
function survivors(): { readonly cluster: EmbeddedCluster; producerFor(api: Api): Promise<Producer> } {
  let cluster: EmbeddedCluster;
  let producer: Producer;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
    producer = new Producer(patient(cluster));
    await relay(producer);
  });
  afterAll(async () => {
    await producer.close();
    await cluster.close();
  });
  return {
    get cluster() {
      return cluster;
    },
    producerFor: async (api) => (api === 'InitProducerId' ? open(cluster, api) : producer),
  };
}

describe('is tried again, and the function runs once, when the answer is', () => {
  const shared = survivors();
  it.each(
    cases({
      COORDINATOR_NOT_AVAILABLE: APIS,
      NOT_COORDINATOR: APIS,
      COORDINATOR_LOAD_IN_PROGRESS: APIS,
      CONCURRENT_TRANSACTIONS: APIS,
      _TRANSPORT: APIS,
      REQUEST_TIMED_OUT: ['InitProducerId', 'AddOffsetsToTxn', 'TxnOffsetCommit'],
      UNKNOWN_TOPIC_OR_PART: ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit'],
    }),
  )('$code to $api', async ({ api, code }) => {
    const producer = await shared.producerFor(api);
    shared.cluster.failRequests(api, code);
    expect(await relay(producer)).toBe(1);
  });
});

describe('aborts the transaction, and the producer goes on, when the answer is', () => {
  const shared = survivors();
  it.each(
    cases({
      TOPIC_AUTHORIZATION_FAILED: ['AddPartitionsToTxn', 'TxnOffsetCommit'],
      GROUP_AUTHORIZATION_FAILED: ['AddOffsetsToTxn', 'TxnOffsetCommit'],
      ILLEGAL_GENERATION: ['TxnOffsetCommit'],
      UNKNOWN_MEMBER_ID: ['TxnOffsetCommit'],
      FENCED_INSTANCE_ID: ['TxnOffsetCommit'],
      OPERATION_NOT_ATTEMPTED: ['AddPartitionsToTxn'],
      INVALID_PRODUCER_ID_MAPPING: ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn'],
      UNKNOWN_PRODUCER_ID: ['AddPartitionsToTxn', 'TxnOffsetCommit', 'EndTxn'],
      REQUEST_TIMED_OUT: ['AddPartitionsToTxn', 'EndTxn'],
      UNKNOWN: ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'],
    }),
  )('$code to $api', async ({ api, code }) => {
    const producer = await shared.producerFor(api);
    shared.cluster.failRequests(api, code);
    const error = await relay(producer).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ abortable: true, fatal: false });
    // Where a record waited for its partition to be registered, it is the record that fails.
    if (api === 'AddPartitionsToTxn')
      expect(error).toMatchObject({ code: 'TRANSACTION_FAILED', cause: { code } });
    else expect(error).toMatchObject({ code });
    expect(await relay(producer)).toBe(1);
  });
});

describe('ends the producer, which says so ever after, when the answer is', () => {
  it.each(
    cases({
      PRODUCER_FENCED: ['InitProducerId', 'AddPartitionsToTxn', 'EndTxn'],
      INVALID_PRODUCER_EPOCH: APIS,
      TRANSACTIONAL_ID_AUTHORIZATION_FAILED: APIS,
      CLUSTER_AUTHORIZATION_FAILED: APIS,
      INVALID_TXN_STATE: ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'],
      INVALID_PRODUCER_ID_MAPPING: ['TxnOffsetCommit'],
      INVALID_TRANSACTION_TIMEOUT: ['InitProducerId'],
    }),
  )('$code to $api', async ({ api, code }) => {
    const cluster = await start();
    const producer = await open(cluster, api);
    cluster.failRequests(api, code);
    const fenced = code === 'PRODUCER_FENCED' || code === 'INVALID_PRODUCER_EPOCH';
    const fatal = { code: fenced ? '_FENCED' : code, abortable: false, fatal: true, retriable: false };
    await expect(relay(producer, 3)).rejects.toMatchObject(fatal);
    await expect(relay(producer)).rejects.toMatchObject(fatal);
    await expect(producer.beginTransaction()).rejects.toMatchObject(fatal);
    await producer.close();
  });
});

describe('with retries, transact runs the whole function again after an abort', () => {
  it.each(
    cases({
      INVALID_PRODUCER_ID_MAPPING: ['AddOffsetsToTxn', 'EndTxn'],
      UNKNOWN_PRODUCER_ID: ['TxnOffsetCommit', 'EndTxn'],
      REQUEST_TIMED_OUT: ['EndTxn'],
    }),
  )('for $code to $api', async ({ api, code }) => {
    const cluster = await start();
    const producer = await open(cluster, api);
    cluster.failRequests(api, code, { times: 2 });
    const runs = await relay(producer, 5);
    expect(runs).toBeGreaterThan(1);
    expect(runs).toBeLessThanOrEqual(3);
  });

  it.each(['GROUP_AUTHORIZATION_FAILED', 'ILLEGAL_GENERATION'])(
    'but not for %s, which would come again',
    async (code) => {
      const cluster = await start();
      const producer = await open(cluster, 'TxnOffsetCommit');
      cluster.failRequests('TxnOffsetCommit', code);
      let runs = 0;
      const failing = producer.transact(
        async (tx) => {
          runs++;
          await tx.sendOffsets({
            consumerGroupId: 'relays',
            topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: 1 }] }],
          });
        },
        { retries: 3 },
      );
      await expect(failing).rejects.toMatchObject({ code });
      expect(runs).toBe(1);
    },
  );

  it('as often as it is told to', async () => {
    const cluster = await start();
    const producer = await open(cluster, 'EndTxn');
    let runs = 0;
    const failing = producer.transact(
      async (tx) => {
        runs++;
        await tx.send({ topic: 'orders', value: 'v' });
        cluster.failRequests('EndTxn', 'UNKNOWN_PRODUCER_ID');
      },
      { retries: 2 },
    );
    await expect(failing).rejects.toMatchObject({ code: 'UNKNOWN_PRODUCER_ID', abortable: true });
    expect(runs).toBe(3);
  });

  it('but never for an error of its own', async () => {
    const cluster = await start();
    const producer = await open(cluster, 'EndTxn');
    let runs = 0;
    const failing = producer.transact(
      async (tx) => {
        runs++;
        await tx.send({ topic: 'orders', value: 'v' });
        throw new RangeError('mine');
      },
      { retries: 3 },
    );
    await expect(failing).rejects.toThrow(new RangeError('mine'));
    expect(runs).toBe(1);
  });

  it.each([-1, 1.5, Number.NaN, '3'])('and %o retries are refused', async (retries) => {
    const cluster = await start();
    const producer = await open(cluster, 'InitProducerId');
    const refused = producer.transact(() => expect.unreachable('it ran'), { retries: retries as number });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  });
});

describe('when no coordinator answers within transactionTimeoutMs', () => {
  const hasty = (cluster: EmbeddedCluster) =>
    openProducer({
      bootstrapServers: cluster.bootstrapServers,
      transactionalId: 'relay',
      transactionTimeoutMs: 1500,
    });

  it('beginTransaction rejects with an error that may pass, and succeeds when one does', async () => {
    const cluster = await start();
    cluster.brokerDown('all');
    const producer = hasty(cluster);
    await expect(producer.beginTransaction()).rejects.toMatchObject({ retriable: true, fatal: false });
    cluster.brokerUp('all');
    expect(await relay(producer)).toBe(1);
  });

  it('commit rejects with COMMIT_TIMEOUT, may be called again, and cannot be taken back', async () => {
    const cluster = await start();
    const producer = hasty(cluster);
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic: 'orders', value: 'v' });
    cluster.brokerDown('all');
    await expect(transaction.commit()).rejects.toMatchObject({
      code: 'COMMIT_TIMEOUT',
      retriable: true,
      abortable: false,
      fatal: false,
    });
    expect(transaction.isActive()).toBe(false);
    await expect(transaction.abort()).rejects.toMatchObject({ code: 'COMMIT_TIMEOUT' });
    await expect(transaction.send({ topic: 'orders' })).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    cluster.brokerUp('all');
    await transaction.commit();
    expect(await relay(producer)).toBe(1);
  });

  it('the transaction after a transact() whose commit timed out begins when that one has ended', async () => {
    const cluster = await start();
    const producer = hasty(cluster);
    let runs = 0;
    const failing = producer.transact(
      async (tx) => {
        runs++;
        await tx.send({ topic: 'orders', value: 'v' });
        cluster.brokerDown('all');
      },
      { retries: 5 },
    );
    await expect(failing).rejects.toMatchObject({ code: 'COMMIT_TIMEOUT' });
    expect(runs).toBe(1);
    cluster.brokerUp('all');
    expect(await relay(producer)).toBe(1);
  });

  it('an abort that failed may be called again', async () => {
    const cluster = await start();
    const producer = hasty(cluster);
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic: 'orders', value: 'v' });
    cluster.brokerDown('all');
    await expect(transaction.abort()).rejects.toMatchObject({ retriable: true, fatal: false });
    cluster.brokerUp('all');
    await transaction.abort();
    expect(await relay(producer)).toBe(1);
  });
});
