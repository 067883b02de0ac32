// Each argument of each public call given anything at all: the call ends, as ever or with a typed error, and leaves
// nothing behind. FUZZ_RUNS sets the number of inputs.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeOnSignals, MillraceError, murmur2, Producer, partitionForKey } from '../../src';
import * as kafkajs from '../../src/kafkajs';
import { EmbeddedCluster } from '../../src/testing';
import { endOffsets } from '../broker/topics';
import { hostileValue, isOfHostileValue, resizable } from './hostile-values';

const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
const TIMEOUT_MS = 60_000 + numRuns * 200;
const TOPIC = 'calls';
const good = { topic: TOPIC, value: 'v' };
const brief = { maxBlockMs: 500, deliveryTimeoutMs: 5_000, requestTimeoutMs: 5_000, connectTimeoutMs: 500 };

/** A call with one argument to be spoilt. */
type Calls = Record<string, (argument: never) => unknown>;

let cluster: EmbeddedCluster;
let producer: Producer;
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ topics: [{ topic: TOPIC, partitions: 2 }] });
  producer = new Producer({ bootstrapServers: cluster.bootstrapServers, ...brief });
  await producer.send(good);
});
afterAll(async () => {
  await producer.close({ timeoutMs: 0 });
  await cluster.close();
});

/** What became of each call of one table with hostile arguments: a typed error, or what `also` lets pass. */
async function giveAnything(calls: Calls, also: (error: unknown) => boolean = () => false): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(calls)), hostileValue, async (name, make) => {
      try {
        await calls[name](make() as never);
      } catch (error) {
        if (!also(error)) expect(error, name).toBeInstanceOf(MillraceError);
      }
    }),
    { numRuns },
  );
}

async function withProducer(options: object, use: (own: Producer) => Promise<unknown>): Promise<void> {
  const own = new Producer({ bootstrapServers: cluster.bootstrapServers, ...brief, ...options });
  try {
    await use(own);
  } finally {
    await own.close({ timeoutMs: 0 });
  }
}

function written(chunk: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    producer.writable().on('error', reject).on('finish', resolve).end(chunk);
  });
}

const ingest = (options: object) =>
  producer.ingest(['{"a": 1}\n'], { topic: TOPIC, format: 'ndjson', thread: 'caller', ...options });

describe('given anything at all', () => {
  it(
    'what sends',
    async () => {
      const calls: Calls = {
        sendOptions: (options) => producer.send(good, options),
        sendBatch: (records) => producer.sendBatch(records),
        sendBatchOptions: (options) => producer.sendBatch([good], options),
        dispatch: (record) => producer.dispatch(record).delivered,
        dispatchOptions: (options) => producer.dispatch(good, options).accepted,
        dispatchBatch: (records) => producer.dispatchBatch(records).delivered,
        dispatchBatchOptions: (options) => producer.dispatchBatch([good], options).delivered,
        writable: (options) => producer.writable(options).destroy(),
        sendAllOptions: (options) => producer.sendAll([good], options),
        partitionsFor: (topic) => producer.partitionsFor(topic),
        workers: (options) => producer.workers(options).close(),
        workersModule: (module) => producer.workers({ module, mode: 'inline' }).close(),
        attach: (handle) => Producer.attach(handle).close({ timeoutMs: 0 }),
        attachOptions: (options) => Producer.attach(producer.share(), options).close({ timeoutMs: 0 }),
        closeOptions: (options) => new Producer({ bootstrapServers: 'a:1' }).close(options),
        closeOnSignals: (options) => closeOnSignals(producer, options)(),
        closeOnSignalsProducer: (given) => closeOnSignals(given)(),
      };
      await giveAnything(calls);
    },
    TIMEOUT_MS,
  );

  it(
    'sources of records and streams, which may throw what they like',
    async () => {
      const calls: Calls = {
        sendAll: (source) => producer.sendAll(source),
        sendAllRecord: (record) => producer.sendAll([good, record], { onRecordError: () => {} }),
        // Node's own refusal of null.
        write: (chunk) => (chunk === null ? undefined : written(chunk)),
      };
      await giveAnything(calls, isOfHostileValue);
    },
    TIMEOUT_MS,
  );

  it(
    'ingest',
    async () => {
      await giveAnything({
        // Text is a file's name; there is none of these.
        source: (source) => producer.ingest(source, { topic: TOPIC, format: 'lines', thread: 'caller' }),
        chunk: (chunk) => producer.ingest([chunk], { topic: TOPIC, format: 'lines', thread: 'caller' }),
        options: (options) => producer.ingest([], options),
        topic: (topic) => producer.ingest([], { topic, format: 'lines', thread: 'caller' }),
        format: (format) => ingest({ format }),
        module: (module) => ingest({ format: { module } }),
        key: (key) => ingest({ key }),
        headers: (headers) => ingest({ headers }),
        partition: (partition) => ingest({ partition }),
        startOffset: (startOffset) => ingest({ startOffset }),
        columns: (columns) => ingest({ format: 'csv', columns }),
        signal: (signal) => ingest({ signal }),
        thread: (thread) => ingest({ thread: thread === 'worker' ? 'caller' : thread }),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'transactions',
    async () => {
      await withProducer({ transactionalId: 'calls', transactionTimeoutMs: 10_000 }, async (own) => {
        const offsets = (topics: unknown) =>
          own.transact((tx) => tx.sendOffsets({ consumerGroupId: 'g', topics: topics as never }));
        const inFirst = (position: object) => offsets([{ topic: TOPIC, partitions: [position] }]);
        await giveAnything({
          work: (work) => own.transact(work),
          options: (options) => own.transact(() => 1, options),
          group: (group) => own.transact((tx) => tx.sendOffsets(group)),
          topics: (topics) => offsets(topics),
          topic: (topic) => offsets([topic]),
          position: (position) => inFirst(position),
          offset: (offset) => inFirst({ partition: 0, offset }),
          metadata: (metadata) => inFirst({ partition: 0, offset: 1, metadata: metadata }),
        });
        await own.transact((tx) => tx.send(good));
      });
    },
    TIMEOUT_MS,
  );

  it(
    'what serializers and partitioners return and throw',
    async () => {
      let answer: unknown;
      const thrown = () => {
        throw answer;
      };
      const sent = async (own: Producer, given: unknown) => {
        answer = given;
        await own.send(good);
      };
      const options = {
        value: { valueSerializer: { serialize: () => answer } },
        key: { keySerializer: { serialize: () => answer } },
        later: { valueSerializer: { serialize: async () => answer } },
        throwing: { valueSerializer: { serialize: thrown } },
        partition: { partitioner: () => answer },
        throwingPartitioner: { partitioner: thrown },
      };
      const owners = Object.entries(options).map(([name, own]): [string, Producer] => [
        name,
        new Producer({ bootstrapServers: cluster.bootstrapServers, ...brief, ...(own as object) }),
      ]);
      await giveAnything(
        Object.fromEntries(owners.map(([name, own]) => [name, (given) => sent(own, given)])),
      );
      for (const [, own] of owners) {
        await own.close();
        expect(own.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0, waitingSends: 0 });
      }
    },
    TIMEOUT_MS,
  );

  it(
    'murmur2 and the embedded cluster',
    async () => {
      const other = await EmbeddedCluster.start();
      try {
        await giveAnything({
          murmur2: (key) => murmur2(key),
          partitionForKey: (key) => partitionForKey(key, 3),
          partitionCount: (count) => partitionForKey(Buffer.from('a'), count),
          start: async (options) => (await EmbeddedCluster.start(options)).close(),
          topics: async (topics) => (await EmbeddedCluster.start({ topics })).close(),
          topic: async (topic) => (await EmbeddedCluster.start({ topics: [topic] })).close(),
          createTopic: (topic) => other.createTopic(topic),
          partitions: (partitions) => other.createTopic('new', partitions),
          setLeader: (topic) => other.setLeader(topic, 0, 1),
          leadersPartition: (partition) => other.setLeader(TOPIC, partition, 1),
          leader: (broker) => other.setLeader(TOPIC, 0, broker),
          follower: (broker) => other.setFollower(TOPIC, 0, broker),
          kind: (kind) => other.setCoordinator(kind, 'g', 1),
          id: (id) => other.setCoordinator('group', id, 1),
          coordinator: (broker) => other.setCoordinator('group', 'g', broker),
          topicError: (error) => other.setTopicError('t', error),
          brokerUp: (broker) => other.brokerUp(broker),
          roundTrip: (broker) => other.setRoundTripTime(broker, 0),
          roundTripTime: (ms) => other.setRoundTripTime(1, ms),
          api: (api) => other.failRequests(api, 'UNKNOWN'),
          errors: (errors) => other.failRequests('Fetch', errors),
          failOptions: (options) => other.failRequests('Fetch', 'NO_ERROR', options),
          clearFailures: (api) => other.clearFailures(api),
        });
      } finally {
        await other.close();
      }
    },
    TIMEOUT_MS,
  );

  it(
    'millrace/kafkajs, which throws what a getter throws, and TypeErrors, as kafkajs does',
    async () => {
      const config = { clientId: 'calls', logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } };
      const kafka = new kafkajs.Kafka({ ...config, brokers: [cluster.bootstrapServers] });
      const own = kafka.producer();
      await own.connect();
      const send = (message: object) => own.send({ topic: TOPIC, messages: [message as never] });
      const calls: Calls = {
        kafka: (given) => new kafkajs.Kafka(given),
        brokers: (brokers) => new kafkajs.Kafka({ ...config, brokers }).producer(),
        ssl: (ssl) => new kafkajs.Kafka({ ...config, brokers: ['a:1'], ssl }).producer(),
        sasl: (sasl) => new kafkajs.Kafka({ ...config, brokers: ['a:1'], sasl }).producer(),
        producer: (given) => kafka.producer(given),
        send: (record) => own.send(record),
        topic: (topic) => own.send({ topic, messages: [{ value: 'v' }] }),
        messages: (messages) => own.send({ topic: TOPIC, messages }),
        message: (message) => send(message),
        key: (key) => send({ key, value: 'v' }),
        value: (value) => send({ value }),
        headers: (headers) => send({ value: 'v', headers }),
        header: (header) => send({ value: 'v', headers: { header } }),
        partition: (partition) => send({ value: 'v', partition }),
        timestamp: (timestamp) => send({ value: 'v', timestamp }),
        acks: (acks) => own.send({ topic: TOPIC, messages: [{ value: 'v' }], acks }),
        compression: (compression) => own.send({ topic: TOPIC, messages: [{ value: 'v' }], compression }),
        sendBatch: (batch) => own.sendBatch(batch),
        topicMessages: (topicMessages) => own.sendBatch({ topicMessages }),
        on: (event) => own.on(event, () => {}),
      };
      await giveAnything(
        calls,
        (error) =>
          error instanceof kafkajs.KafkaJSError || error instanceof TypeError || isOfHostileValue(error),
      );
      await send({ value: 'after' });
      await own.disconnect();
    },
    TIMEOUT_MS,
  );

  it('nothing is left behind', async () => {
    await producer.flush();
    expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0, waitingSends: 0 });
    await producer.send(good);
  });
});

describe('what changes while it is packed', () => {
  const change = fc.constantFrom('shrink', 'grow', 'detach', 'overwrite', 'forget');
  const place = fc.constantFrom('key', 'value', 'header', 'record');

  it(
    'is delivered or refused, each record once',
    async () => {
      cluster.createTopic('changing', 2);
      let delivered = 0;
      await withProducer({}, async (own) => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(change, place), { minLength: 1, maxLength: 6 }),
            async (changes) => {
              const outcomes = await Promise.allSettled([
                ...changing(changes).map((record) => own.send(record as never)),
                own.sendBatch(changing(changes) as never),
              ]);
              for (const outcome of outcomes) {
                if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(MillraceError);
                const result = outcome.status === 'fulfilled' ? outcome.value : outcome.reason.result;
                delivered +=
                  result === undefined ? 0 : 'deliveredCount' in result ? result.deliveredCount : 1;
              }
            },
          ),
          { numRuns },
        );
        await own.flush();
        expect(own.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0, waitingSends: 0 });
      });
      const ends = await endOffsets(cluster.bootstrapServers, 'changing');
      expect(Number(ends.reduce((sum, end) => sum + end, 0n))).toBe(delivered);
    },
    TIMEOUT_MS,
  );

  /** Records of which reading one changes what another, or itself, holds. */
  function changing(changes: [change: string, place: string][]): unknown[] {
    const records: Record<string, unknown>[] = [];
    changes.forEach(([how, where], i) => {
      const buffer = resizable(64, 256);
      const bytes = new Uint8Array(buffer);
      const headers: [string, unknown][] = [
        ['h', bytes],
        ['i', 'text'],
      ];
      const act = () => {
        if (how === 'shrink') buffer.resize(8);
        if (how === 'grow') buffer.resize(200);
        if (how === 'detach' && !(buffer as { detached?: boolean }).detached) {
          structuredClone(buffer, { transfer: [buffer] });
        }
        if (how === 'overwrite')
          Object.assign(records[(i + 1) % records.length], { value: 'changed', topic: 'no topic' });
        if (how === 'forget') headers.length = 0;
      };
      const changed = () => {
        act();
        return bytes;
      };
      const record: Record<string, unknown> = { topic: 'changing', key: bytes, value: bytes, headers };
      const getter = { enumerable: true, configurable: true };
      if (where === 'header') {
        Object.defineProperty(headers[0], 1, { ...getter, get: changed });
      } else if (where === 'record') {
        Object.defineProperty(record, 'timestamp', { ...getter, get: () => void act() });
      } else {
        Object.defineProperty(record, where, { ...getter, get: changed, set: () => {} });
      }
      records.push(record);
    });
    return records;
  }
});
