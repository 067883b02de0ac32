// A partition's records go in turns: what comes while a request is on its way is one request once that was answered.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchError, RecordError, RecordMetadata, RequestEvent } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

const PRODUCE = 0;

describe('behind a broker that takes its time', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start();
    cluster.createTopic('slow', 1);
  });
  afterAll(() => cluster.close());

  it.each([
    { enableIdempotence: true, requests: 2, why: 'the others wait for the first, then go together' },
    { enableIdempotence: false, requests: 5, why: 'each goes at once' },
  ])('idempotence $enableIdempotence: $why', async ({ enableIdempotence, requests }) => {
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers, enableIdempotence });
    await producer.send({ topic: 'slow', value: 'the first of all goes alone' });
    let produced = 0;
    producer.on('request', ({ apiKey }: RequestEvent) => {
      if (apiKey === PRODUCE) produced++;
    });
    cluster.setRoundTripTime('all', 2_000);
    const sent = [];
    for (let i = 0; i < 5; i++) {
      sent.push(producer.send({ topic: 'slow', value: String(i) }));
      await sleep(20);
    }
    const offsets = (await Promise.all(sent)).map(({ offset }) => Number(offset));
    cluster.setRoundTripTime('all', 0);
    expect(offsets).toEqual(offsets.map((_, i) => offsets[0] + i));
    await expect.poll(() => produced).toBe(requests);
  });

  it('records that it refuses for what they are do not go one by one', async () => {
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    cluster.setRoundTripTime('all', 20);
    await producer.send({ topic: 'slow', value: 'the first of all goes alone' });
    let produced = 0;
    producer.on('request', ({ apiKey }: RequestEvent) => {
      if (apiKey === PRODUCE) produced++;
    });
    cluster.failRequests('Produce', 'INVALID_TIMESTAMP', { times: 1_000 });
    // More than one frame: the second waits for the first.
    const records = Array.from({ length: 4_200 }, (_, i) => ({ topic: 'slow', value: `${i}` }));
    const { errors } = (await producer.sendBatch(records).catch((error) => error)) as BatchError;
    cluster.setRoundTripTime('all', 0);
    cluster.clearFailures('Produce');
    expect(errors).toHaveLength(4_200);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['INVALID_TIMESTAMP']));
    expect(produced).toBeLessThan(50);
  });

  it('none of those that wait is late to fail, nor said to be stored perhaps', async () => {
    const producer = openProducer({
      bootstrapServers: cluster.bootstrapServers,
      deliveryTimeoutMs: 3_000,
      requestTimeoutMs: 3_000,
    });
    await producer.send({ topic: 'slow', value: 'known' });
    cluster.setRoundTripTime('all', 60_000);
    const first = producer.send({ topic: 'slow', value: 'on its way' });
    await sleep(50);
    // Whichever is told first: none may be left without somebody to hear of it.
    const waiting = Array.from({ length: 20 }, (_, i) =>
      producer.send({ topic: 'slow', value: String(i) }).then(
        () => undefined,
        (error: RecordError) => error,
      ),
    );
    await expect(first).rejects.toMatchObject({ code: '_MSG_TIMED_OUT', persisted: 'possibly' });
    const failures = await Promise.all(waiting);
    cluster.setRoundTripTime('all', 0);
    for (const failure of failures) expect(failure).toMatchObject({ code: '_MSG_TIMED_OUT' });
    // One of them may have gone ahead, to see whether anything gets through.
    expect(failures.filter((failure) => failure?.persisted !== 'no').length).toBeLessThanOrEqual(1);
  });
});

describeOnEachCluster('many small sends at once', (cluster) => {
  it('arrive once, in the order of each partition', async () => {
    const topic = await cluster.createTopic(3);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const sent: Promise<RecordMetadata>[] = [];
    for (let round = 0; round < 200; round++) {
      const before = sent.length;
      for (let i = 0; i < 1 + (round % 7); i++) {
        sent.push(producer.send({ topic, partition: i % 3, value: `${round}.${i}` }));
      }
      if (round % 5 === 0) await sent[before];
      else await sleep(0);
    }
    const offsets: number[][] = [[], [], []];
    for (const { partition, offset } of await Promise.all(sent)) offsets[partition].push(Number(offset));
    for (const list of offsets) expect(list).toEqual(list.map((_, i) => i));
  });
});
