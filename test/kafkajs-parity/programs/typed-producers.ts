// Producers in the ways that programs for kafkajs are written: compiled as it is, and with another import.
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  type Consumer,
  type EachMessagePayload,
  type ICustomPartitioner,
  type IHeaders,
  Kafka,
  type KafkaConfig,
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSOffsetOutOfRange,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
  KafkaJSServerDoesNotSupportApiKey,
  KafkaJSStaleTopicMetadataAssignment,
  KafkaJSTopicMetadataNotLoaded,
  type LogEntry,
  type Logger,
  logLevel,
  type Message,
  PartitionAssigners,
  Partitioners,
  type PartitionMetadata,
  type Producer,
  type ProducerBatch,
  type ProducerConfig,
  type ProducerRecord,
  type RecordMetadata,
  type RequestEvent,
  ResourcePatternTypes,
  type SASLOptions,
  type TopicMessages,
  type Transaction,
} from 'kafkajs';

const sasl: SASLOptions = { mechanism: 'scram-sha-256', username: 'me', password: 'secret' };
const config: KafkaConfig = {
  clientId: 'typed',
  brokers: ['localhost:9092', 'localhost:9093'],
  ssl: { rejectUnauthorized: false, ca: ['pem'], key: Buffer.from('key'), cert: 'certificate' },
  sasl,
  connectionTimeout: 3000,
  requestTimeout: 25000,
  enforceRequestTimeout: true,
  retry: { initialRetryTime: 100, retries: 8, maxRetryTime: 1000, factor: 0.2, multiplier: 2 },
  logLevel: logLevel.ERROR,
  logCreator: (level: logLevel) => (entry: LogEntry) => {
    if (entry.level <= level) console.log(entry.namespace, entry.label, Date.parse(entry.log.timestamp));
  },
};
const kafka = new Kafka(config);
new Kafka({ brokers: async () => ['localhost:9092'] });
new Kafka({ brokers: ['b:1'], sasl: { mechanism: 'plain', username: 'u', password: 'p' } });
new Kafka({
  brokers: ['b:1'],
  ssl: true,
  sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: 'token' }) },
});
new Kafka({
  brokers: ['b:1'],
  sasl: {
    mechanism: 'custom',
    authenticationProvider: ({ host, port, logger, saslAuthenticate }) => ({
      authenticate: async () => {
        logger.debug(`${host}:${port}`);
        await saslAuthenticate({ request: { encode: () => Buffer.alloc(0) } });
      },
    }),
  },
});

const byRegion: ICustomPartitioner =
  () =>
  ({ topic, partitionMetadata, message }) =>
    message.headers?.region === 'eu' ? 0 : partitionMetadata.length - (topic === 'other' ? 1 : 0);
const options: ProducerConfig = {
  createPartitioner: byRegion,
  retry: { retries: 5 },
  metadataMaxAge: 300000,
  allowAutoTopicCreation: true,
  idempotent: true,
  transactionalId: 'typed',
  transactionTimeout: 30000,
  maxInFlightRequests: 1,
};
const producer: Producer = kafka.producer(options);
kafka.producer();
kafka.producer({ createPartitioner: Partitioners.LegacyPartitioner });
kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
kafka.producer({ createPartitioner: Partitioners.JavaCompatiblePartitioner });

const { CONNECT, DISCONNECT, REQUEST, REQUEST_TIMEOUT, REQUEST_QUEUE_SIZE } = producer.events;
const remove = producer.on(CONNECT, ({ timestamp, type, id }) => console.log(timestamp + 1, type, id));
producer.on(DISCONNECT, () => {});
producer.on(REQUEST, (event: RequestEvent) => console.log(event.payload.apiName, event.payload.duration + 1));
producer.on(REQUEST_TIMEOUT, ({ payload: { broker, correlationId } }) =>
  console.log(broker, correlationId + 1),
);
producer.on(REQUEST_QUEUE_SIZE, ({ payload: { queueSize } }) => console.log(queueSize + 1));
remove();

const logger: Logger = producer.logger();
logger.namespace('mine', logLevel.DEBUG).info('text', { some: 'context' });
kafka.logger().setLogLevel(logLevel.NOTHING);

export async function produce(): Promise<RecordMetadata[]> {
  await producer.connect();
  const headers: IHeaders = {
    'correlation-id': 'a',
    bytes: Buffer.from([1]),
    several: ['a', Buffer.from('b')],
  };
  const messages: Message[] = [
    { key: 'key', value: 'value', headers, timestamp: Date.now().toString() },
    { key: Buffer.from('key'), value: Buffer.from('value'), partition: 1 },
    { key: null, value: null },
  ];
  const record: ProducerRecord = { topic: 'topic', messages, acks: -1, timeout: 30000 };
  await producer.send(record);
  await producer.send({ topic: 'topic', compression: CompressionTypes.GZIP, messages: [{ value: 'v' }] });
  const topicMessages: TopicMessages[] = [
    { topic: 'one', messages },
    { topic: 'two', messages },
  ];
  const batch: ProducerBatch = { topicMessages, compression: CompressionTypes.Snappy, acks: 1 };
  const results = await producer.sendBatch(batch);
  const [{ topicName, partition, errorCode, baseOffset, logAppendTime, logStartOffset }] = results;
  console.log(topicName, partition + errorCode, baseOffset, logAppendTime, logStartOffset?.length);

  const transaction: Transaction = await producer.transaction();
  try {
    await transaction.send({ topic: 'topic', messages });
    await transaction.sendBatch({ topicMessages });
    await transaction.sendOffsets({
      consumerGroupId: 'group',
      topics: [{ topic: 'topic', partitions: [{ partition: 0, offset: '1' }] }],
    });
    await transaction.commit();
  } catch (error) {
    if (transaction.isActive()) await transaction.abort();
    tell(error);
  }
  if (producer.isIdempotent()) await producer.disconnect();
  return results;
}

function tell(error: unknown): void {
  if (error instanceof KafkaJSProtocolError) console.log(error.type, error.code + 1);
  else if (error instanceof KafkaJSNumberOfRetriesExceeded) console.log(error.retryCount + error.retryTime);
  else if (error instanceof KafkaJSConnectionError) console.log(error.broker);
  else if (error instanceof KafkaJSError) console.log(error.retriable, error.helpUrl, error.cause?.message);
}

const codec = () => ({ compress: async () => Buffer.alloc(0), decompress: async () => Buffer.alloc(0) });
CompressionCodecs[CompressionTypes.Snappy] = codec;
CompressionCodecs[CompressionTypes.ZSTD] = codec;

const partitionMetadata: PartitionMetadata = {
  partitionErrorCode: 0,
  partitionId: 0,
  leader: 2,
  replicas: [2],
  isr: [2],
};
export const errors = [
  new KafkaJSError('text', { retriable: true }),
  new KafkaJSError(new Error('text')),
  new KafkaJSOffsetOutOfRange(new Error('text'), { topic: 'topic', partition: 0 }),
  new KafkaJSNumberOfRetriesExceeded(new Error('text'), { retryCount: 0, retryTime: 0 }),
  new KafkaJSConnectionError('text', { broker: 'b:1', code: 'ECONNREFUSED' }),
  new KafkaJSRequestTimeoutError('text', {
    broker: 'b:1',
    clientId: 'c',
    correlationId: 0,
    createdAt: 0,
    sentAt: 0,
    pendingDuration: 0,
  }),
  new KafkaJSTopicMetadataNotLoaded('text', { topic: 'topic' }),
  new KafkaJSStaleTopicMetadataAssignment('text', { topic: 'topic', unknownPartitions: [partitionMetadata] }),
  new KafkaJSServerDoesNotSupportApiKey('text', { apiKey: 0, apiName: 'Produce' }),
];

export async function consume(): Promise<void> {
  const consumer: Consumer = kafka.consumer({
    groupId: 'group',
    partitionAssigners: [PartitionAssigners.roundRobin],
  });
  await consumer.subscribe({ topics: ['topic', /pattern/], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, partition, message }: EachMessagePayload) => {
      console.log(topic, partition, message.offset, message.value?.toString());
    },
  });
  const admin: Admin = kafka.admin({ retry: { retries: 2 } });
  await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: 'topic' }],
  });
  await admin.createAcls({
    acl: [
      {
        resourceType: AclResourceTypes.TOPIC,
        resourceName: 'topic',
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: 'User:bob',
        host: '*',
        operation: AclOperationTypes.ALL,
        permissionType: AclPermissionTypes.DENY,
      },
    ],
  });
}
