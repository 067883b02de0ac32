// What becomes of a record when a broker answers with an error, for every code that librdkafka treats in its own way.
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { endOffsets } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

async function start(): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  return cluster;
}

/**
 * A producer whose first record, offset 0, has been delivered. One request at a time: the embedded cluster does not look
 * at sequence numbers and would store the request behind one that failed, which librdkafka takes for success of both.
 */
async function startedProducer(cluster: EmbeddedCluster, enableIdempotence: boolean) {
  const producer = openProducer({
    bootstrapServers: cluster.bootstrapServers,
    enableIdempotence,
    maxInFlightRequests: 1,
    retryBackoffMs: 5,
    retryBackoffMaxMs: 10,
  });
  await producer.send({ topic: 'orders', value: 'before' });
  return producer;
}

describe.each([
  { name: 'with idempotence', idempotent: true },
  { name: 'without idempotence', idempotent: false },
])('an answer to Produce, $name,', ({ idempotent }) => {
  it.each([
    'INVALID_MSG',
    'UNKNOWN_TOPIC_OR_PART',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_FOR_PARTITION',
    'REQUEST_TIMED_OUT',
    'BROKER_NOT_AVAILABLE',
    'REPLICA_NOT_AVAILABLE',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'KAFKA_STORAGE_ERROR',
    '_TRANSPORT',
  ])('of %s is retried to success, in order', async (code) => {
    const cluster = await start();
    const producer = await startedProducer(cluster, idempotent);
    cluster.failRequests('Produce', code, { times: 3 });
    const first = producer.send({ topic: 'orders', value: '1' });
    const second = producer.send({ topic: 'orders', value: '2' });
    expect((await first).offset).toBe(1n);
    expect((await second).offset).toBe(2n);
    expect(await endOffsets(cluster.bootstrapServers, 'orders')).toEqual([3n]);
  });

  it.each([
    { code: 'MSG_SIZE_TOO_LARGE', retriable: false },
    { code: 'TOPIC_EXCEPTION', retriable: false },
    { code: 'RECORD_LIST_TOO_LARGE', retriable: false },
    { code: 'INVALID_REQUIRED_ACKS', retriable: false },
    { code: 'CLUSTER_AUTHORIZATION_FAILED', retriable: false },
    { code: 'INVALID_TIMESTAMP', retriable: false },
    { code: 'UNSUPPORTED_VERSION', retriable: false },
    { code: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', retriable: false },
    { code: 'POLICY_VIOLATION', retriable: false },
    { code: 'INVALID_PRODUCER_EPOCH', retriable: false },
    { code: 'INVALID_TXN_STATE', retriable: false },
    { code: 'UNSUPPORTED_COMPRESSION_TYPE', retriable: false },
    { code: 'INVALID_RECORD', retriable: false },
    { code: 'UNKNOWN', retriable: false },
    // Kafka calls these retriable, but brokers give them for other requests; librdkafka leaves trying again to the caller.
    { code: 'NETWORK_EXCEPTION', retriable: true },
    { code: 'FENCED_LEADER_EPOCH', retriable: true },
    { code: 'UNKNOWN_LEADER_EPOCH', retriable: true },
    { code: 'THROTTLING_QUOTA_EXCEEDED', retriable: true },
  ])('of $code rejects that record alone', async ({ code, retriable }) => {
    const cluster = await start();
    const producer = await startedProducer(cluster, idempotent);
    cluster.failRequests('Produce', code);
    await expect(producer.send({ topic: 'orders', value: 'refused' })).rejects.toMatchObject({
      name: 'RecordError',
      code,
      topic: 'orders',
      partition: 0,
      retriable,
      fatal: false,
      persisted: 'no',
    });
    expect((await producer.send({ topic: 'orders', value: 'after' })).offset).toBe(1n);
  });

  it('of TOPIC_AUTHORIZATION_FAILED rejects records until metadata says that the topic may be used', async () => {
    const cluster = await start();
    const producer = await startedProducer(cluster, idempotent);
    cluster.failRequests('Produce', 'TOPIC_AUTHORIZATION_FAILED');
    const refused = { code: 'TOPIC_AUTHORIZATION_FAILED', retriable: false, fatal: false, persisted: 'no' };
    await expect(producer.send({ topic: 'orders', value: 'refused' })).rejects.toMatchObject(refused);
    const offset = () =>
      producer.send({ topic: 'orders', value: 'after' }).then(
        (delivered) => delivered.offset,
        (error) => error.code,
      );
    await expect.poll(offset, { timeout: 10_000, interval: 100 }).toBe(1n);
  });
});

describe('an answer about the sequence of records', () => {
  it('that they are there already is success, at an offset nobody knows', async () => {
    const cluster = await start();
    const producer = await startedProducer(cluster, true);
    cluster.failRequests('Produce', 'DUPLICATE_SEQUENCE_NUMBER');
    expect((await producer.send({ topic: 'orders', value: 'v' })).offset).toBe(-1n);
    expect(producer.metrics()).toMatchObject({ deliveredRecords: 2, failedRecords: 0 });
  });

  it('that the producer is unknown is retried under a new identity', async () => {
    const cluster = await start();
    const producer = await startedProducer(cluster, true);
    cluster.failRequests('Produce', 'UNKNOWN_PRODUCER_ID');
    expect((await producer.send({ topic: 'orders', value: 'v' })).offset).toBe(1n);
  });

  it('that one is missing is the end of the producer, and every later send says why', async () => {
    const cluster = await start();
    const producer = await startedProducer(cluster, true);
    const events: unknown[] = [];
    producer.on('brokerError', (error) => events.push(error));
    cluster.failRequests('Produce', 'OUT_OF_ORDER_SEQUENCE_NUMBER');
    await expect(producer.send({ topic: 'orders', value: 'v' })).rejects.toMatchObject({
      code: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
      persisted: 'possibly',
    });
    await expect.poll(() => events).toMatchObject([{ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', fatal: true }]);
    await expect(producer.send({ topic: 'orders', value: 'w' })).rejects.toMatchObject({
      code: '_FATAL',
      fatal: true,
      retriable: false,
      persisted: 'no',
      cause: { code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', message: expect.stringContaining('sequence') },
    });
    await producer.close();
  });

  it('is the record’s error without idempotence', async () => {
    const cluster = await start();
    const producer = await startedProducer(cluster, false);
    cluster.failRequests('Produce', ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER']);
    for (const code of ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER']) {
      await expect(producer.send({ topic: 'orders', value: 'v' })).rejects.toMatchObject({
        code,
        persisted: 'possibly',
      });
    }
    expect((await producer.send({ topic: 'orders', value: 'after' })).offset).toBe(1n);
  });
});
