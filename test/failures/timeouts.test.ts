// A timeout says where the time went.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BatchError, Producer, type ProducerOptions, type RecordError } from '../../src';
import { EmbeddedCluster } from '../../src/testing';

const DELIVERY_TIMEOUT_MS = 1500;
/** librdkafka looks once a second, and what it has not ended by then is given up on half a second later. */
const LATEST_MS = DELIVERY_TIMEOUT_MS * 1.1 + 2000;

async function start(
  options: Partial<ProducerOptions> = {},
): Promise<{ cluster: EmbeddedCluster; producer: Producer }> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
  const producer = new Producer({
    bootstrapServers: cluster.bootstrapServers,
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
    ...options,
  });
  onTestFinished(async () => {
    await producer.close({ timeoutMs: 0 });
    await cluster.close();
  });
  await producer.sendBatch([
    { topic: 'orders', partition: 0 },
    { topic: 'orders', partition: 1 },
  ]);
  return { cluster, producer };
}

const failure = (sent: Promise<unknown>): Promise<RecordError> =>
  sent.then(
    () => expect.fail('it must have timed out'),
    (error) => error,
  );

async function timedOut(
  producer: Producer,
  record = { topic: 'orders', partition: 0 },
): Promise<RecordError> {
  const started = performance.now();
  const error = await failure(producer.send(record));
  const took = performance.now() - started;
  expect(error).toMatchObject({ code: '_MSG_TIMED_OUT', retriable: true, topic: 'orders' });
  expect(took).toBeGreaterThan(DELIVERY_TIMEOUT_MS * 0.9);
  // The limit, with something for a machine that is busy with other tests.
  expect(took).toBeLessThan(LATEST_MS + 1500);
  expect(error.waited?.deliveryMs).toBeGreaterThan(DELIVERY_TIMEOUT_MS * 0.9);
  return error;
}

describe('a record that runs out of time', () => {
  it("waiting for its topic's partitions", async () => {
    const { cluster, producer } = await start({ maxBlockMs: 300 });
    cluster.setRoundTripTime('all', 60_000);
    expect(await failure(producer.send({ topic: 'unknown' }))).toMatchObject({
      code: 'METADATA_TIMEOUT',
      timedOutIn: 'metadata',
      persisted: 'no',
      waited: { serializerMs: 0, metadataMs: expect.closeTo(300, -3), bufferMs: 0, deliveryMs: 0 },
    });
    const { errors } = (await failure(
      producer.sendBatch([{ topic: 'another' }, { topic: 'another' }]),
    )) as unknown as BatchError;
    for (const { waited } of errors) expect(waited?.metadataMs).toBeGreaterThan(270);
  });

  it('waiting for room in the buffer', async () => {
    const { cluster, producer } = await start({ maxBlockMs: 300, bufferMemory: 10_000 });
    cluster.setRoundTripTime('all', 60_000);
    producer.dispatch({ topic: 'orders', value: 'x'.repeat(8000) });
    const record = { topic: 'orders', value: 'x'.repeat(8000) };
    const error = await failure(producer.send(record));
    expect(error).toMatchObject({
      code: 'BUFFER_TIMEOUT',
      timedOutIn: 'buffer',
      persisted: 'no',
      waited: { serializerMs: 0, metadataMs: 0, deliveryMs: 0 },
    });
    expect(error.waited?.bufferMs).toBeGreaterThan(270);
    expect(error.cause).toBeUndefined();
    // A broker that has complained is why.
    cluster.brokerDown('all');
    const told: Error[] = [];
    producer.on('brokerError', (complaint) => told.push(complaint));
    await expect.poll(() => told.length, { timeout: 5000 }).toBeGreaterThan(0);
    const later = await failure(producer.send(record));
    expect(later.cause).toBeInstanceOf(Error);
    expect(later.message).toMatch(/last broker error: .+/);
    const batch = (await failure(producer.sendBatch([record, record]))) as unknown as BatchError;
    for (const { cause, waited } of batch.errors) {
      expect(cause).toBeInstanceOf(Error);
      expect(waited?.bufferMs).toBeGreaterThan(270);
    }
  });

  it('behind other records', async () => {
    const { cluster, producer } = await start({
      maxInFlightRequests: 1,
      batchSize: 50_000,
      deliveryTimeoutMs: 3000,
    });
    // Each in a request of its own, one after the other, slower than they have time for.
    cluster.setRoundTripTime('all', 900);
    const value = 'x'.repeat(49_000);
    const sent = Array.from({ length: 8 }, () => producer.send({ topic: 'orders', partition: 0, value }));
    const last = sent.pop() as Promise<unknown>;
    const others = Promise.allSettled(sent);
    const error = await failure(last);
    expect(error).toMatchObject({ code: '_MSG_TIMED_OUT', timedOutIn: 'queue', persisted: 'no' });
    expect(error.message).toContain('waiting to be sent, behind other records or between retries');
    expect((await others).map(({ status }) => status).slice(0, 2)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('waiting for a connection', async () => {
    const { cluster, producer } = await start();
    cluster.brokerDown('all');
    await sleep(300);
    const error = await timedOut(producer);
    expect(error).toMatchObject({ timedOutIn: 'connection', persisted: 'no' });
    expect(error.message).toMatch(/waiting for a connection to the broker .*last broker error: /);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('waiting for a leader', async () => {
    const { cluster, producer } = await start({ metadataMaxAgeMs: 100 });
    cluster.setLeader('orders', 0, null);
    await sleep(400);
    const error = await timedOut(producer);
    expect(error).toMatchObject({ timedOutIn: 'leader', persisted: 'no', partition: 0 });
    expect(error.message).toContain('waiting for a leader of its partition');
  });

  it("waiting for the broker's answer", async () => {
    const { cluster, producer } = await start();
    cluster.setRoundTripTime('all', 60_000);
    const error = await timedOut(producer);
    expect(error).toMatchObject({ timedOutIn: 'answer', persisted: 'possibly', partition: 0 });
    expect(error.message).toContain("sent, and waiting for the broker's answer");
  });

  it('waiting for the answer of a broker that stays silent for longer than requestTimeoutMs', async () => {
    const { cluster, producer } = await start({ deliveryTimeoutMs: 4000, requestTimeoutMs: 500 });
    cluster.setRoundTripTime('all', 60_000);
    const sent = failure(producer.send({ topic: 'orders', partition: 0 }));
    // It is connected to again and again by now, and takes connections.
    await sleep(2500);
    const behind = failure(producer.send({ topic: 'orders', partition: 1 }));
    const error = await sent;
    expect(error).toMatchObject({ code: '_MSG_TIMED_OUT', timedOutIn: 'answer', persisted: 'possibly' });
    expect(error.message).toContain('it took the connection, and did not answer in time');
    expect(error.message).not.toContain('version');
    expect((error.cause as Error).message).not.toContain('version');
    // Never sent: there was no connection to send it over.
    expect(await behind).toMatchObject({ timedOutIn: 'connection', persisted: 'no' });
  });

  it('sent over a connection that was lost', async () => {
    const { cluster, producer } = await start();
    cluster.setRoundTripTime('all', 60_000);
    const sent = timedOut(producer);
    await sleep(500);
    cluster.brokerDown('all');
    expect(await sent).toMatchObject({ timedOutIn: 'network', persisted: 'possibly' });
  });

  it('between retries', async () => {
    const { cluster, producer } = await start({ enableIdempotence: false, retryBackoffMs: 200 });
    cluster.failRequests('Produce', 'NOT_ENOUGH_REPLICAS', { times: 1000 });
    // Which answer it was, librdkafka does not tell. Some come from brokers that have stored the record.
    expect(await timedOut(producer)).toMatchObject({ timedOutIn: 'queue', persisted: 'possibly' });
  });

  it('tells what it waited before, too', async () => {
    const { cluster, producer } = await start({ bufferMemory: 10_000, maxBlockMs: 20_000 });
    cluster.setRoundTripTime('all', 60_000);
    producer.dispatch({ topic: 'orders', value: 'x'.repeat(8000), partition: 0 });
    const error = await failure(producer.send({ topic: 'orders', value: 'x'.repeat(8000), partition: 1 }));
    expect(error.waited?.bufferMs).toBeGreaterThan(DELIVERY_TIMEOUT_MS * 0.9);
    expect(error.message).toMatch(/it waited \d+ ms for the buffer, \d+ ms for delivery/);
  });
});

describe('a record that is stuck', () => {
  it('does not keep the promises of those that shared its hand-over', async () => {
    const { cluster, producer } = await start({ metadataMaxAgeMs: 100 });
    cluster.setLeader('orders', 0, null);
    await sleep(400);
    let stuckSettled = false;
    const stuck = failure(producer.send({ topic: 'orders', partition: 0 })).finally(() => {
      stuckSettled = true;
    });
    const free = Array.from({ length: 20 }, (_, i) =>
      producer.send({ topic: 'orders', partition: 1, value: `${i}` }),
    );
    expect((await Promise.all(free)).map(({ partition }) => partition)).toEqual(Array(20).fill(1));
    expect(stuckSettled).toBe(false);
    expect(producer.metrics()).toMatchObject({ deliveredRecords: 22, outstandingRecords: 1 });
    await stuck;
    expect(producer.metrics()).toMatchObject({ outstandingRecords: 0, failedRecords: 1 });
    await expect.poll(() => producer.metrics().bufferedBytes).toBe(0);
  });

  it('is in time although it waited outside librdkafka first', async () => {
    // The window into librdkafka is the buffer's size at most; what does not fit waits behind it.
    const { cluster, producer } = await start({ bufferMemory: 64 << 20 });
    cluster.setRoundTripTime('all', 60_000);
    const value = 'x'.repeat(100_000);
    const first = producer.dispatchBatch(Array.from({ length: 200 }, () => ({ topic: 'orders', value })));
    await first.accepted;
    await sleep(1000);
    const started = performance.now();
    const error = await failure(producer.send({ topic: 'orders', value, partition: 0 }));
    expect(error.code).toBe('_MSG_TIMED_OUT');
    expect(performance.now() - started).toBeLessThan(LATEST_MS + 1500);
    await expect(first.delivered).rejects.toMatchObject({ code: 'BATCH_FAILED' });
  });
});
