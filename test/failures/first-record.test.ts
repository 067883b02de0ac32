// A broker that has not heard of a partition refuses its first request, and may take the second, which was sent right
// behind it. librdkafka would take that for success of both.
import { expect, it, onTestFinished } from 'vitest';
import { BatchError, type Producer, type ProducerOptions, type RecordError } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { openProducer } from '../testing/open-producer';

const ROUND_TRIP_MS = 100;

/** A producer whose requests are on their way for a while. */
async function start(options: Partial<ProducerOptions> = {}): Promise<[EmbeddedCluster, Producer]> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 2 }] });
  onTestFinished(() => cluster.close());
  const producer = openProducer({
    bootstrapServers: cluster.bootstrapServers,
    retryBackoffMs: 20,
    ...options,
  });
  await producer.connect();
  await producer.partitionsFor('orders');
  cluster.setRoundTripTime('all', ROUND_TRIP_MS);
  return [cluster, producer];
}

const record = (value: string, partition = 0) => ({ topic: 'orders', value, partition });

/** Long enough for a request to be sent, not for its answer. */
const whileOnItsWay = () => new Promise((resolve) => setTimeout(resolve, ROUND_TRIP_MS / 4));

async function stored(cluster: EmbeddedCluster): Promise<string[]> {
  cluster.setRoundTripTime('all', 0);
  return (await readBack(cluster.bootstrapServers, 'orders')).map(({ value }) => String(value));
}

it('a first record that is refused is stored before the one sent behind it', async () => {
  const [cluster, producer] = await start();
  cluster.failRequests('Produce', 'NOT_LEADER_FOR_PARTITION');
  const first = producer.send(record('first'));
  await whileOnItsWay();
  const second = producer.send(record('second'));
  expect(await Promise.all([first, second])).toMatchObject([{ offset: 0n }, { offset: 1n }]);
  expect(await stored(cluster)).toEqual(['first', 'second']);
});

it('so it is with batches, headers, large values and several partitions', async () => {
  const [cluster, producer] = await start();
  cluster.failRequests('Produce', 'NOT_LEADER_FOR_PARTITION', { times: 2 });
  const batch = (name: string, size: number) =>
    Array.from({ length: 40 }, (_, i) => ({
      ...record(`${name}-${`${i}`.padStart(size, '0')}`, i % 2),
      ...(i % 3 === 0 ? { headers: { i: `${i}` } } : {}),
    }));
  const batches = [batch('a', 4), batch('b', 3_000), batch('c', 4)];
  const sent: Promise<unknown>[] = [];
  for (const records of batches) {
    sent.push(producer.sendBatch(records));
    await whileOnItsWay();
  }
  await Promise.all(sent);
  const inOrder = (partition: number) =>
    batches
      .flat()
      .filter((one) => one.partition === partition)
      .map(({ value }) => value);
  expect(await stored(cluster)).toEqual([...inOrder(0), ...inOrder(1)]);
});

it('a first record that fails lets the others go on', async () => {
  const [cluster, producer] = await start();
  cluster.failRequests('Produce', 'INVALID_RECORD', { times: 2 });
  const failure = await producer
    .sendBatch(['a', 'b', 'c', 'd'].map((value) => record(value)))
    .catch((error) => error);
  expect(failure).toBeInstanceOf(BatchError);
  expect((failure as BatchError).errors.map(({ index, code }) => [index, code])).toEqual([
    [0, 'INVALID_RECORD'],
    [1, 'INVALID_RECORD'],
  ]);
  expect(await stored(cluster)).toEqual(['c', 'd']);
});

it('what waits for it ends by its own deadline', async () => {
  const [cluster, producer] = await start({ deliveryTimeoutMs: 1_000, requestTimeoutMs: 500 });
  cluster.brokerDown('all');
  const failures = Promise.all(
    ['a', 'b', 'c'].map((value) => producer.send(record(value)).catch((error: RecordError) => error)),
  );
  expect((await failures).map((error) => (error as RecordError).code)).toEqual(
    Array(3).fill('_MSG_TIMED_OUT'),
  );
});

it('what waits for it is accounted for when the producer is closed', async () => {
  const [cluster, producer] = await start();
  cluster.brokerDown('all');
  const sends = ['a', 'b', 'c'].map((value) => producer.send(record(value)));
  const outcomes = Promise.allSettled(sends);
  await whileOnItsWay();
  const receipt = await producer.close({ timeoutMs: 100 });
  expect((await outcomes).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  expect(receipt).toMatchObject({ delivered: 0, accepted: 3 });
});
