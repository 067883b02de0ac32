// A service that produces, written around the whole module: `import kafkajs from`, and types taken from it.
import kafkajs from 'kafkajs';

type Level = 'error' | 'warn' | 'info' | 'debug';

/** Entries of the log go to a logger of the application's. */
function logTo(write: (level: Level, entry: object) => void): kafkajs.logCreator {
  const levels: Partial<Record<kafkajs.logLevel, Level>> = {
    [kafkajs.logLevel.ERROR]: 'error',
    [kafkajs.logLevel.WARN]: 'warn',
    [kafkajs.logLevel.INFO]: 'info',
  };
  return () =>
    ({ namespace, level, label, log: { message, timestamp, ...extra } }) => {
      write(levels[level] ?? 'debug', { namespace, label, message, timestamp, broker: extra.broker });
    };
}

function credentials(environment: Record<string, string | undefined>): kafkajs.SASLOptions | undefined {
  const { KAFKA_USER: username, KAFKA_PASSWORD: password, KAFKA_TOKEN: value } = environment;
  if (value !== undefined) {
    return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value }) };
  }
  if (username === undefined || password === undefined) return undefined;
  return environment.KAFKA_SCRAM === undefined
    ? { mechanism: 'plain', username, password }
    : { mechanism: 'scram-sha-512', username, password };
}

const sticky: kafkajs.ICustomPartitioner = () => {
  const chosen = new Map<string, number>();
  return ({ topic, partitionMetadata, message }: kafkajs.PartitionerArgs): number => {
    const own = chosen.get(topic);
    if (own !== undefined && message.key === null) return own;
    const led = partitionMetadata.filter(
      ({ leader, partitionErrorCode }) => leader >= 0 && !partitionErrorCode,
    );
    const partition = led[led.length - 1]?.partitionId ?? 0;
    chosen.set(topic, partition);
    return partition;
  };
};

interface Order {
  id: number;
  customer?: string;
  placed: Date;
}

export class OrderEvents {
  readonly #kafka: kafkajs.Kafka;
  readonly #producer: kafkajs.Producer;
  readonly #removers: kafkajs.RemoveInstrumentationEventListener<string>[] = [];
  slowest = 0;

  constructor(brokers: string[] | kafkajs.BrokersFunction, environment: Record<string, string | undefined>) {
    this.#kafka = new kafkajs.Kafka({
      clientId: 'orders',
      brokers,
      ssl: { ca: [environment.KAFKA_CA ?? ''], servername: 'kafka.example', rejectUnauthorized: true },
      sasl: credentials(environment),
      logLevel: kafkajs.logLevel.WARN,
      logCreator: logTo((level, entry) => console.log(level, entry)),
      retry: { retries: 3, restartOnFailure: async (error: Error) => error.name !== 'Fatal' },
    });
    const partitioning: kafkajs.ProducerConfig =
      environment.KAFKA_LEGACY === undefined
        ? { createPartitioner: sticky }
        : { createPartitioner: kafkajs.Partitioners.LegacyPartitioner };
    this.#producer = this.#kafka.producer({ ...partitioning, allowAutoTopicCreation: false });
    this.#producer.logger().debug('made', { with: 'context' });
  }

  async open(): Promise<kafkajs.Producer> {
    const { events } = this.#producer;
    this.#removers.push(
      this.#producer.on(events.REQUEST, ({ payload }: kafkajs.RequestEvent) => {
        this.slowest = Math.max(this.slowest, payload.duration, payload.pendingDuration);
      }),
      this.#producer.on(events.REQUEST_TIMEOUT, ({ payload }: kafkajs.RequestTimeoutEvent) => {
        console.log(payload.apiName, payload.broker, payload.createdAt - payload.sentAt);
      }),
      this.#producer.on(events.CONNECT, (event: kafkajs.ConnectEvent) => console.log(event.timestamp)),
      this.#producer.on(events.DISCONNECT, (event: kafkajs.DisconnectEvent) => console.log(event.type)),
    );
    await this.#producer.connect();
    return this.#producer;
  }

  async placed(orders: readonly Order[]): Promise<Map<number, string | undefined>> {
    const messages = orders.map(
      ({ id, customer, placed }): kafkajs.Message => ({
        key: customer ?? null,
        value: JSON.stringify({ id }),
        timestamp: String(placed.getTime()),
        headers: { kind: 'placed', trace: [Buffer.from('a'), 'b'], source: undefined },
      }),
    );
    const results = await this.#producer.send({
      topic: 'orders',
      acks: -1,
      timeout: 5000,
      compression: kafkajs.CompressionTypes.GZIP,
      messages,
    });
    return new Map(results.map(({ partition, baseOffset }) => [partition, baseOffset]));
  }

  async everywhere(message: kafkajs.Message, ...topics: string[]): Promise<kafkajs.RecordMetadata[]> {
    const topicMessages: kafkajs.TopicMessages[] = topics.map((topic) => ({ topic, messages: [message] }));
    return this.#producer.sendBatch({ topicMessages });
  }

  async within<T>(work: (transaction: kafkajs.Transaction) => Promise<T>): Promise<T> {
    const transaction = await this.#producer.transaction();
    try {
      const result = await work(transaction);
      const topics: kafkajs.TopicOffsets[] = [
        { topic: 'source', partitions: [{ partition: 0, offset: '7' } satisfies kafkajs.PartitionOffset] },
      ];
      const offsets: kafkajs.Offsets & { consumerGroupId: string } = { consumerGroupId: 'relay', topics };
      await transaction.sendOffsets(offsets);
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.abort();
      throw error;
    }
  }

  /** Whether the same call may be made again. */
  mayTryAgain(error: unknown): boolean {
    if (error instanceof kafkajs.KafkaJSNumberOfRetriesExceeded) return error.cause !== undefined;
    if (error instanceof kafkajs.KafkaJSNonRetriableError) return false;
    return error instanceof kafkajs.KafkaJSError && error.retriable;
  }

  async close(): Promise<void> {
    for (const remove of this.#removers) remove();
    await this.#producer.disconnect();
  }

  /** What was produced, as the same client's consumer sees it. */
  async follow(seen: (message: kafkajs.KafkaMessage) => void): Promise<kafkajs.Consumer> {
    const consumer = this.#kafka.consumer({ groupId: 'orders', retry: { retries: 1 } });
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders' });
    await consumer.run({
      eachBatch: async ({ batch, resolveOffset, heartbeat }: kafkajs.EachBatchPayload) => {
        for (const message of batch.messages) {
          seen(message);
          resolveOffset(message.offset);
        }
        await heartbeat();
      },
    });
    return consumer;
  }
}
