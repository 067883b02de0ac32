// The ways of writing that are put to the test: one entry for each API of the producer. A writer tells the log what
// each record's promise told it, and nothing that it believes to know better.
import { BatchError, Producer, type ProducerOptions, RecordError } from '../../src';
import type { Outcome, Position } from './write-log';

export interface ChaosRecord {
  topic: string;
  key: string;
  value: string;
  /** To be called as soon as the record's promise has settled. */
  settle(outcome: Exclude<Outcome, 'open'>, position?: Position): void;
}

export interface OpenWriter {
  /** Sends the records in their order. Resolves when all are settled, and never rejects. */
  write(records: readonly ChaosRecord[]): Promise<void>;
  close(): Promise<unknown>;
}

export interface WriterKind {
  readonly name: string;
  /** The longest that a record's promise may take by the options it is opened with. */
  readonly promisedMs: number;
  /** Its records time out in most faults. */
  readonly hasty: boolean;
  open(bootstrapServers: string): OpenWriter;
}

/** Longer than a leader's fall and rise, so that what fails is the product's fault. */
const PATIENT = { requestTimeoutMs: 2_000, deliveryTimeoutMs: 60_000, maxBlockMs: 20_000 };
/** Shorter than most faults, so that records do fail. */
const HASTY = { requestTimeoutMs: 1_000, deliveryTimeoutMs: 2_000, maxBlockMs: 1_000 };
const COMMON = { metadataMaxAgeMs: 2_000, retryBackoffMs: 50 };

export const REQUEST_TIMEOUT_MS = PATIENT.requestTimeoutMs;

/** Every API. To add one, add an entry. */
export const WRITERS: readonly WriterKind[] = [
  writer('send', PATIENT, (producer) => ({ write: (records) => writeSingly(producer, records) })),
  writer('sendBatch', PATIENT, (producer) => ({ write: (records) => writeBatch(producer, records) })),
  writer('sendBatch, hasty', HASTY, (producer) => ({ write: (records) => writeBatch(producer, records) })),
];

type Times = Required<Pick<ProducerOptions, 'requestTimeoutMs' | 'deliveryTimeoutMs' | 'maxBlockMs'>>;

function writer(
  name: string,
  times: Times,
  open: (producer: Producer) => Pick<OpenWriter, 'write'>,
): WriterKind {
  return {
    name,
    // A send waits for its topic, then for memory, then for its delivery.
    promisedMs: 2 * times.maxBlockMs + times.deliveryTimeoutMs,
    hasty: times === HASTY,
    open: (bootstrapServers) => {
      const producer = new Producer({ bootstrapServers, clientId: `chaos ${name}`, ...COMMON, ...times });
      return { ...open(producer), close: () => producer.close() };
    },
  };
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

async function writeBatch(producer: Producer, records: readonly ChaosRecord[]): Promise<void> {
  try {
    const result = await producer.sendBatch(records.map(({ topic, key, value }) => ({ topic, key, value })));
    records.forEach(({ settle }, i) => {
      settle('acknowledged', result.record(i));
    });
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    const failures = new Map(error.errors.map((failure) => [failure.index, failure]));
    records.forEach(({ settle }, i) => {
      const failure = failures.get(i);
      if (failure === undefined) settle('acknowledged', error.result.record(i));
      else settle(outcomeOf(failure));
    });
  }
}

function outcomeOf(error: unknown): 'failed' | 'unsure' {
  // Anything else is a broken promise of its own: failures of records are RecordErrors.
  if (!(error instanceof RecordError)) throw error;
  return error.persisted === 'no' ? 'failed' : 'unsure';
}
