// millrace/testing's faults: what is asked for happens, once, where it was asked for.
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster, type EmbeddedClusterOptions, type KafkaApi } from '../../src/testing';
import { kafkaJs } from '../broker/kafkajs-client';
import { openProducer } from './open-producer';

async function start(options?: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.start(options);
  onTestFinished(() => cluster.close());
  return cluster;
}

const ORDERS = { topics: [{ topic: 'orders', partitions: 1 }] };

/** Each send is one request, which is not tried again. */
function producerWithoutRetries(cluster: EmbeddedCluster) {
  return openProducer({
    bootstrapServers: cluster.bootstrapServers,
    enableIdempotence: false,
    retries: 0,
  });
}

type Outcome = string | bigint;

async function outcomes(cluster: EmbeddedCluster, sends: number): Promise<Outcome[]> {
  const producer = producerWithoutRetries(cluster);
  const found: Outcome[] = [];
  for (let i = 0; i < sends; i++) {
    found.push(
      await producer.send({ topic: 'orders', value: 'v' }).then(
        ({ offset }) => offset,
        (error) => error.code,
      ),
    );
  }
  return found;
}

describe('failRequests', () => {
  it('fails the next requests, one error each, in order', async () => {
    const cluster = await start(ORDERS);
    cluster.failRequests('Produce', ['MSG_SIZE_TOO_LARGE', 'NO_ERROR', 'INVALID_TIMESTAMP']);
    cluster.failRequests('Produce', 'INVALID_RECORD', { times: 2 });
    expect(await outcomes(cluster, 6)).toEqual([
      'MSG_SIZE_TOO_LARGE',
      0n,
      'INVALID_TIMESTAMP',
      'INVALID_RECORD',
      'INVALID_RECORD',
      1n,
    ]);
  });

  it('goes through a list as often as it is told', async () => {
    const cluster = await start(ORDERS);
    cluster.failRequests('Produce', ['INVALID_RECORD', 'NO_ERROR'], { times: 2 });
    expect(await outcomes(cluster, 5)).toEqual(['INVALID_RECORD', 0n, 'INVALID_RECORD', 1n, 2n]);
  });

  it('fails requests to one broker only', async () => {
    const cluster = await start({ brokers: 2, topics: [{ topic: 'orders', partitions: 2 }] });
    cluster.setLeader('orders', 0, 1);
    cluster.setLeader('orders', 1, 2);
    const producer = producerWithoutRetries(cluster);
    cluster.failRequests('Produce', 'INVALID_RECORD', { broker: 2 });
    await producer.send({ topic: 'orders', partition: 0 });
    await expect(producer.send({ topic: 'orders', partition: 1 })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
    });
    await producer.send({ topic: 'orders', partition: 1 });
  });

  it('delays answers of one broker', async () => {
    const cluster = await start(ORDERS);
    const producer = producerWithoutRetries(cluster);
    await producer.send({ topic: 'orders' });
    cluster.failRequests('Produce', ['NO_ERROR', 'INVALID_RECORD'], { broker: 1, delayMs: 400 });
    for (const [code, least] of [
      [undefined, 350],
      ['INVALID_RECORD', 350],
      [undefined, 0],
    ] as const) {
      const started = performance.now();
      const failed = await producer.send({ topic: 'orders' }).then(
        () => undefined,
        (error) => error.code,
      );
      expect(failed).toBe(code);
      expect(performance.now() - started).toBeGreaterThan(least);
    }
  });

  it('breaks the connection for _TRANSPORT', async () => {
    const cluster = await start(ORDERS);
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders' });
    cluster.failRequests('Produce', '_TRANSPORT', { times: 2 });
    expect((await producer.send({ topic: 'orders' })).offset).toBe(1n);
    cluster.failRequests('Produce', '_TRANSPORT');
    expect(await outcomes(cluster, 2)).toEqual(['_TRANSPORT', 2n]);
  });

  it.each<KafkaApi>(['InitProducerId', 'ApiVersions'])('fails %s', async (api) => {
    const cluster = await start(ORDERS);
    cluster.failRequests(api, api === 'ApiVersions' ? '_TRANSPORT' : 'COORDINATOR_LOAD_IN_PROGRESS', {
      times: 2,
    });
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    expect((await producer.send({ topic: 'orders' })).offset).toBe(0n);
  });

  it('fails what a consumer asks too', async () => {
    const cluster = await start(ORDERS);
    cluster.failRequests('ListOffsets', 'TOPIC_AUTHORIZATION_FAILED');
    const admin = kafkaJs(cluster.bootstrapServers).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    await expect(admin.fetchTopicOffsets('orders')).rejects.toThrow(/authorized/);
    await expect(admin.fetchTopicOffsets('orders')).resolves.toHaveLength(1);
  });

  it('is forgotten by clearFailures', async () => {
    const cluster = await start(ORDERS);
    cluster.failRequests('Produce', 'INVALID_RECORD', { times: 100 });
    cluster.failRequests('Fetch', 'INVALID_REQUEST', { times: 100 });
    cluster.clearFailures('Produce');
    expect(await outcomes(cluster, 1)).toEqual([0n]);
  });

  it.each([
    [['Metadata', 'UNKNOWN'], /api must be one of Produce, .* got the string "Metadata"/],
    [[0, 'UNKNOWN'], /api must be one of/],
    [['toString', 'UNKNOWN'], /api must be one of/],
    [['Produce', 'NO_SUCH_CODE'], /"NO_SUCH_CODE" is not the name of a Kafka error/],
    [['Produce', [3]], /the number 3 is not the name of a Kafka error/],
    [['Produce', 'UNKNOWN', { times: 0 }], /times must be an integer from 1 to 100000, got the number 0/],
    [['Produce', 'UNKNOWN', { broker: 2 }], /broker must be an integer from 1 to 1, got the number 2/],
    [['Produce', 'UNKNOWN', { broker: 1, delayMs: -1 }], /delayMs must be an integer from 0/],
    [['Produce', 'UNKNOWN', { delayMs: 5 }], /delayMs needs a broker/],
    [['Produce', []], /failRequests: errors must be at least one name/],
  ])('refuses %o', async (args, message) => {
    const cluster = await start();
    const failRequests = cluster.failRequests as (...given: unknown[]) => void;
    expect(() => failRequests.apply(cluster, args as unknown[])).toThrow(message);
  });
});

describe('a topic’s error', () => {
  it('is told to whoever asks for its partitions, until it is taken back', async () => {
    const cluster = await start(ORDERS);
    cluster.setTopicError('orders', 'TOPIC_AUTHORIZATION_FAILED');
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await expect(producer.send({ topic: 'orders' })).rejects.toMatchObject({
      code: 'TOPIC_AUTHORIZATION_FAILED',
    });
    cluster.setTopicError('orders', null);
    const offset = () =>
      producer.send({ topic: 'orders' }).then(
        (delivered) => delivered.offset,
        (error) => error.code,
      );
    await expect.poll(offset, { timeout: 10_000, interval: 100 }).toBe(0n);
    expect(() => cluster.setTopicError('orders', 'NOTHING')).toThrow(/setTopicError: the string "NOTHING"/);
  });
});

describe('brokers', () => {
  it('go down and come up together', async () => {
    const cluster = await start({ brokers: 2, topics: [{ topic: 'orders', partitions: 2 }] });
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, retryBackoffMs: 10 });
    await producer.sendBatch([
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 1 },
    ]);
    cluster.brokerDown('all');
    const [first, second] = [0, 1].map((partition) => producer.send({ topic: 'orders', partition }));
    const early = await Promise.race([first, second, new Promise((resolve) => setTimeout(resolve, 500))]);
    expect(early).toBeUndefined();
    cluster.brokerUp('all');
    expect([(await first).offset, (await second).offset]).toEqual([1n, 1n]);
  });

  it('answer late together', async () => {
    const cluster = await start({ brokers: 2, ...ORDERS });
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders' });
    cluster.setRoundTripTime('all', 300);
    const started = performance.now();
    await producer.send({ topic: 'orders' });
    expect(performance.now() - started).toBeGreaterThan(250);
    cluster.setRoundTripTime('all', 0);
  });

  it('coordinate what they are told to', async () => {
    const cluster = await start({ brokers: 3, ...ORDERS });
    const admin = kafkaJs(cluster.bootstrapServers).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    for (const broker of [3, 1, 2]) {
      cluster.setCoordinator('group', 'readers', broker);
      cluster.failRequests('OffsetFetch', 'GROUP_AUTHORIZATION_FAILED', { broker });
      const offsets = () => admin.fetchOffsets({ groupId: 'readers', topics: ['orders'] });
      await expect(offsets()).rejects.toThrow(/Group authorization failed/);
      await expect(offsets()).resolves.toHaveLength(1);
    }
    expect(() => cluster.setCoordinator('group', 'readers', 4)).toThrow(
      /broker must be an integer from 1 to 3/,
    );
    expect(() => cluster.setCoordinator('nobody' as 'group', 'readers', 1)).toThrow(/kind must be 'group'/);
  });

  it('are told to consumers as the one to read from', async () => {
    const cluster = await start({ brokers: 2, ...ORDERS });
    cluster.setFollower('orders', 0, 2);
    cluster.setFollower('orders', 0, null);
    expect(() => cluster.setFollower('orders', 7, 1)).toThrow(/setFollower/);
    expect(() => cluster.setFollower('orders', 0, 3)).toThrow(/broker must be an integer from 1 to 2/);
  });
});
