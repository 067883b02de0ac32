// An application written for kafkajs: it takes orders, and a relay turns each into an invoice exactly once.
import {
  CompressionTypes,
  type Consumer,
  type EachBatchPayload,
  Kafka,
  KafkaJSError,
  logLevel,
  type Message,
  type Producer,
} from 'kafkajs';

export interface Outcome {
  invoices: string[];
  /** Of the relay's group, when all is done. */
  committed: string[];
  aborted: number;
  requests: number;
  refusal: string;
}

export async function run(brokers: string[], suffix: string, orderCount: number): Promise<Outcome> {
  const orders = `orders-${suffix}`;
  const invoices = `invoices-${suffix}`;
  const groupId = `relay-${suffix}`;
  const kafka = new Kafka({
    clientId: 'shop',
    brokers: async () => brokers,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 8 },
  });

  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      { topic: orders, numPartitions: 3 },
      { topic: invoices, numPartitions: 2 },
    ],
  });

  const { producer, requests } = await takeOrders(kafka, orders, orderCount);
  const refusal = await refusedOrder(producer, orders);

  const relay = kafka.consumer({ groupId, readUncommitted: false });
  const issuer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: `issuer-${suffix}`,
  });
  await Promise.all([relay.connect(), issuer.connect()]);
  const aborted = await relayAll(relay, issuer, { orders, invoices, groupId, orderCount });

  const issued = await readInvoices(kafka, invoices, orderCount, suffix);
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [orders] });
  await Promise.all([relay.disconnect(), issuer.disconnect(), producer.disconnect(), admin.disconnect()]);
  return {
    invoices: issued.sort(),
    committed: partitions.map(({ offset }) => offset),
    aborted,
    requests: requests(),
    refusal,
  };
}

async function takeOrders(kafka: Kafka, topic: string, count: number) {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  let requests = 0;
  producer.on(producer.events.REQUEST, ({ payload }) => {
    if (payload.apiName === 'Produce') requests++;
  });
  await producer.connect();
  const order = (i: number): Message => ({
    key: `customer-${i % 7}`,
    value: JSON.stringify({ order: i }),
    headers: { source: 'shop', attempt: ['1'] },
  });
  const half = Math.floor(count / 2);
  const compression = CompressionTypes.GZIP;
  await producer.send({ topic, compression, messages: Array.from({ length: half }, (_, i) => order(i)) });
  await Promise.all(
    Array.from({ length: count - half }, (_, i) => producer.send({ topic, messages: [order(half + i)] })),
  );
  return { producer, requests: () => requests };
}

async function refusedOrder(producer: Producer, topic: string): Promise<string> {
  try {
    await producer.send({ topic, messages: [{ value: Buffer.alloc(3_000_000) }] });
    return 'none';
  } catch (error) {
    if (!(error instanceof KafkaJSError)) throw error;
    return `${error.name}, retriable: ${error.retriable}`;
  }
}

interface Relay {
  orders: string;
  invoices: string;
  groupId: string;
  orderCount: number;
}

/** Resolves when every order has been relayed, with how many transactions were aborted on the way. */
async function relayAll(consumer: Consumer, producer: Producer, relay: Relay): Promise<number> {
  let aborted = 0;
  let relayed = 0;
  await consumer.subscribe({ topics: [relay.orders], fromBeginning: true });
  await new Promise<void>((done, failed) => {
    const eachBatch = async ({ batch, resolveOffset, uncommittedOffsets, heartbeat }: EachBatchPayload) => {
      for (const outage of [true, false]) {
        const transaction = await producer.transaction();
        try {
          await transaction.send({
            topic: relay.invoices,
            messages: batch.messages.map(({ key, value }) => ({ key, value: `invoice for ${value}` })),
          });
          // The first attempt at the first batch comes to nothing.
          if (outage && aborted === 0) throw new Error('the printer is on fire');
          for (const { offset } of batch.messages) resolveOffset(offset);
          const offsets = uncommittedOffsets();
          await transaction.sendOffsets({ consumerGroupId: relay.groupId, ...offsets });
          await transaction.commit();
          break;
        } catch (error) {
          aborted++;
          await transaction.abort();
          if (outage) continue;
          failed(error);
          throw error;
        }
      }
      await heartbeat();
      relayed += batch.messages.length;
      if (relayed === relay.orderCount) done();
    };
    consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch }).catch(failed);
  });
  return aborted;
}

async function readInvoices(kafka: Kafka, topic: string, count: number, suffix: string): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `reader-${suffix}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((done) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      values.push(String(message.value));
      if (values.length === count) done();
    };
    void consumer.run({ eachMessage });
  });
  await consumer.disconnect();
  return values;
}
