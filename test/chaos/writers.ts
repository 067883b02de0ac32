// The ways of writing that are put to the test: one entry for each API of the producer. A writer tells the log what
// each record's promise told it, and nothing that it believes to know better.
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type MillraceError, Producer, type ProducerOptions, type RecordError } from '../../src';
import { Kafka, type Producer as KafkaJSProducer, logLevel } from '../../src/kafkajs';
import { retryBudget } from '../../src/kafkajs/retry-budget';
import { type ChaosRecord, outcomeOf, plain, settleBatch } from './chaos-record';
import { AttachedWriter, IngestWriter, PoolWriter } from './thread-writers';

export interface OpenWriter {
  /** Sends the records, all of one topic, in their order. Resolves when all are settled, and never rejects. */
  write(records: readonly ChaosRecord[]): Promise<void>;
  close(): Promise<unknown>;
}

/** Which records a writer's are judged with. */
export type LedgerName = 'strict' | 'hasty' | 'transactional';

export interface WriterKind {
  readonly name: string;
  /** The longest that a record's promise may take by the options it is opened with. */
  readonly promisedMs: number;
  readonly ledger: LedgerName;
  /** Its records settle together, long after they were stored: they do not count for the rate. */
  readonly bursts: boolean;
  open(bootstrapServers: string): OpenWriter;
}

/** Longer than a leader's fall and rise, so that what fails is the product's fault. */
const PATIENT = {
  requestTimeoutMs: 2_000,
  deliveryTimeoutMs: 60_000,
  maxBlockMs: 20_000,
};
/** Shorter than most faults, so that records do fail. */
const HASTY = { requestTimeoutMs: 1_000, deliveryTimeoutMs: 2_000, maxBlockMs: 1_000 };
/** Within the transaction's time, as librdkafka demands. */
const TRANSACTIONAL = {
  requestTimeoutMs: 2_000,
  deliveryTimeoutMs: 20_000,
  maxBlockMs: 20_000,
  transactionTimeoutMs: 20_000,
};

/** The drop-in's: about as patient, in kafkajs's words. */
const KAFKAJS = {
  connectionTimeout: 1_000,
  requestTimeout: PATIENT.requestTimeoutMs,
  // As long as the pauses between them add up to, records live.
  retry: { retries: 60, initialRetryTime: 50, maxRetryTime: 1_000 },
};
/** A topic or memory is waited for through all of the pauses. */
const KAFKAJS_BLOCK_MS = retryBudget(KAFKAJS.retry).pausesMs + KAFKAJS.connectionTimeout;

export const REQUEST_TIMEOUT_MS = PATIENT.requestTimeoutMs;

/** A stream's records are known to be delivered when it has ended. */
const STREAM_MS = 1_000;

/** Every API. To add one, add an entry. */
export const WRITERS: readonly WriterKind[] = [
  kind('send', 'strict', PATIENT, (options) => {
    const producer = new Producer(options);
    return { write: (records) => writeSingly(producer, records), close: () => producer.close() };
  }),
  kind('sendBatch', 'strict', PATIENT, (options) => {
    const producer = new Producer(options);
    return {
      write: (records) => settleBatch(records, producer.sendBatch(records.map(plain))),
      close: () => producer.close(),
    };
  }),
  kind('sendAll', 'strict', PATIENT, (options) => {
    const producer = new Producer(options);
    return { write: (records) => writeAll(producer, records), close: () => producer.close() };
  }),
  kind('writable', 'strict', PATIENT, (options) => new StreamWriter(options), STREAM_MS),
  {
    name: 'kafkajs',
    ledger: 'strict',
    bursts: false,
    promisedMs: promised({
      maxBlockMs: KAFKAJS_BLOCK_MS,
      deliveryTimeoutMs: KAFKAJS_BLOCK_MS + KAFKAJS.requestTimeout,
    }),
    open: (bootstrapServers) => new KafkaJSWriter(bootstrapServers),
  },
  kind('workers', 'strict', PATIENT, (options) => new PoolWriter(options)),
  kind('attach', 'strict', PATIENT, (options) => new AttachedWriter(options)),
  kind('ingest', 'strict', PATIENT, (options) => new IngestWriter(options)),
  kind('sendBatch, hasty', 'hasty', HASTY, (options) => {
    const producer = new Producer(options);
    return {
      write: (records) => settleBatch(records, producer.sendBatch(records.map(plain))),
      close: () => producer.close(),
    };
  }),
  // An earlier transaction, its abort, and its own time.
  kind(
    'transact',
    'transactional',
    TRANSACTIONAL,
    (options) => new TransactionWriter(options),
    6 * TRANSACTIONAL.transactionTimeoutMs,
  ),
];

type Times = Required<Pick<ProducerOptions, 'requestTimeoutMs' | 'deliveryTimeoutMs' | 'maxBlockMs'>>;

function kind(
  name: string,
  ledger: LedgerName,
  times: Times,
  open: (options: ProducerOptions) => OpenWriter,
  ownMs = 0,
): WriterKind {
  return {
    name,
    ledger,
    bursts: ownMs > 0,
    promisedMs: promised(times) + ownMs,
    open: (bootstrapServers) =>
      open({
        bootstrapServers,
        clientId: `chaos ${name}`,
        metadataMaxAgeMs: 2_000,
        retryBackoffMs: 50,
        ...times,
      }),
  };
}

/** A send waits for its topic, then for memory, then for its delivery. */
function promised({
  maxBlockMs,
  deliveryTimeoutMs,
}: Pick<Times, 'maxBlockMs' | 'deliveryTimeoutMs'>): number {
  return 2 * maxBlockMs + deliveryTimeoutMs;
}

async function writeSingly(producer: Producer, records: readonly ChaosRecord[]): Promise<void> {
  await Promise.all(
    records.map(({ topic, key, value, settle }) =>
      producer.send({ topic, key, value }).then(
        (metadata) => settle('acknowledged', metadata),
        (error) => settle(outcomeOf(error)),
      ),
    ),
  );
}

async function writeAll(producer: Producer, records: readonly ChaosRecord[]): Promise<void> {
  const failures = new Map<number, RecordError>();
  await producer.sendAll(records.map(plain), { onRecordError: (error) => failures.set(error.index, error) });
  records.forEach(({ settle }, i) => {
    const failure = failures.get(i);
    settle(failure === undefined ? 'acknowledged' : outcomeOf(failure));
  });
}

/**
 * One stream after the other: the end of one tells what became of its records. Two at once would promise no order among
 * each other.
 */
class StreamWriter implements OpenWriter {
  private readonly producer: Producer;
  private stream: Writable | undefined;
  private end: Promise<void> = Promise.resolve();
  /** Resolves when no earlier stream is open. */
  private earlier: Promise<void> = Promise.resolve();

  constructor(options: ProducerOptions) {
    this.producer = new Producer(options);
  }

  async write(records: readonly ChaosRecord[]): Promise<void> {
    for (let waited: Promise<void> | undefined; waited !== this.earlier; ) {
      waited = this.earlier;
      await waited;
    }
    const stream = this.stream ?? this.open();
    const { end } = this;
    for (const record of records) stream.write(plain(record));
    try {
      await end;
      for (const { settle } of records) settle('acknowledged');
    } catch {
      // It does not say which of its records failed.
      for (const { settle } of records) settle('unsure');
    }
  }

  close(): Promise<unknown> {
    return this.producer.close();
  }

  private open(): Writable {
    const stream = this.producer.writable();
    this.stream = stream;
    this.end = finished(stream);
    setTimeout(() => {
      this.stream = undefined;
      this.earlier = this.end.catch(() => {});
      stream.end();
    }, STREAM_MS);
    return stream;
  }
}

/** The drop-in. Its results tell no record's offset, its errors nothing of single records. */
class KafkaJSWriter implements OpenWriter {
  private readonly producer: KafkaJSProducer;
  private readonly connected: Promise<void>;

  constructor(bootstrapServers: string) {
    const kafka = new Kafka({
      clientId: 'chaos kafkajs',
      brokers: bootstrapServers.split(','),
      logLevel: logLevel.NOTHING,
      ...KAFKAJS,
    });
    this.producer = kafka.producer({ metadataMaxAge: 2_000 });
    this.connected = this.producer.connect();
  }

  async write(records: readonly ChaosRecord[]): Promise<void> {
    await this.connected;
    const { topic } = records[0];
    try {
      await this.producer.send({ topic, messages: records.map(({ key, value }) => ({ key, value })) });
      for (const { settle } of records) settle('acknowledged');
    } catch {
      for (const { settle } of records) settle('unsure');
    }
  }

  close(): Promise<unknown> {
    return this.producer.disconnect();
  }
}

/** Transactions one after the other, of all that has come in meanwhile; some are aborted. */
class TransactionWriter implements OpenWriter {
  private producer: Producer;
  private waiting: ChaosRecord[] = [];
  private running: Promise<void> | undefined;
  private count = 0;

  constructor(private readonly options: ProducerOptions) {
    this.options = { ...options, transactionalId: `chaos-${randomUUID()}`, ...TRANSACTIONAL };
    this.producer = new Producer(this.options);
  }

  async write(records: readonly ChaosRecord[]): Promise<void> {
    this.waiting.push(...records);
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    await this.running;
  }

  close(): Promise<unknown> {
    return this.producer.close();
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const records = this.waiting;
      this.waiting = [];
      await this.transact(records);
    }
  }

  private async transact(records: readonly ChaosRecord[]): Promise<void> {
    const aborted = this.count++ % 5 === 4;
    try {
      const result = await this.producer.transact(async (transaction) => {
        const sent = await transaction.sendBatch(records.map(plain));
        if (aborted) throw new Error('taken back');
        return sent;
      });
      records.forEach(({ settle }, i) => {
        settle('acknowledged', result.record(i));
      });
    } catch (error) {
      const { code, fatal } = error as MillraceError;
      // All other errors promise that nothing has become visible.
      const outcome = code === 'COMMIT_TIMEOUT' ? 'unsure' : 'aborted';
      for (const { settle } of records) settle(outcome);
      if (fatal) await this.replace();
    }
  }

  private async replace(): Promise<void> {
    await this.producer.close({ timeoutMs: 0 });
    this.producer = new Producer(this.options);
  }
}
