// What the producer knows of its topics: their ids in the addon and whether their partitions are known. Looks
// partitions up when a topic is first used, and again every `metadataMaxAgeMs`.
import type { NativeClient } from '../addon';
import { EndableWaits } from '../endable-waits';
import { kafkaErrorDescription, kafkaErrorName, type MillraceError, RecordError } from '../errors';
import type { OnPartitionGrowth } from '../options/producer-options';
import { type Pause, pause } from '../pause';
import { FIRST_ATTEMPT_MS, LONGEST_ANSWER_MS, MetadataPatience } from './metadata-patience';
import {
  KEYLESS_PARTITIONINGS,
  type KeylessPartitioning,
  PARTITIONER_NAMES,
  type PartitionerName,
  type PartitionFunction,
} from './partitioner';
import { type PartitionGrowth, type PartitionInfo, Topic, type TopicWaiter } from './topic';
import { TopicWaiters } from './topic-waiters';

interface Partitioning {
  partitioner: PartitionerName | PartitionFunction;
  keylessPartitioning: KeylessPartitioning;
}

export interface TopicDirectoryOptions {
  maxBlockMs: number;
  metadataMaxAgeMs: number;
  /** Bytes after which a sticky partition changes, at the latest. */
  batchSize: number;
  onPartitionGrowth: OnPartitionGrowth;
  partitioningOf: (topic: string) => Partitioning;
  onGrowth: (growth: PartitionGrowth) => void;
  /** The last complaint of a broker, for the error's cause. */
  lastBrokerError: () => Error | undefined;
  /** What keeps out who has asked since the first time, and again at the second: wrong credentials, a certificate. */
  refusal: (asked: number, again: number) => MillraceError | undefined;
  /** Is told that brokers have answered. */
  letIn: () => void;
}

const FIRST_REFRESH_MS = 4000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
/** A failing partition asks for a look at its topic; at most this often. */
const REFRESH_PAUSE_MS = 1000;

const NO_ANSWER: ReadonlySet<string> = new Set(['_TRANSPORT', '_TIMED_OUT', '_ALL_BROKERS_DOWN']);
const WORTH_ANOTHER_TRY: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PART',
  'LEADER_NOT_AVAILABLE',
  '_UNKNOWN_TOPIC',
  'NOT_CONTROLLER',
]);

export class TopicDirectory {
  readonly #client: NativeClient;
  readonly #options: TopicDirectoryOptions;
  readonly #byName = new Map<string, Topic>();
  readonly #byId: Topic[] = [];
  readonly #unresolved = new Set<Topic>();
  readonly #waiters: TopicWaiters;
  readonly #refreshTimer: NodeJS.Timeout;
  readonly #patience = new MetadataPatience(FIRST_REFRESH_MS);
  /** Calls of `describe` that wait for an answer. */
  readonly #describing = new EndableWaits<(topic: string) => RecordError>();
  #resolving = false;
  /** Between two attempts to look topics up. */
  #pause: Pause | undefined;
  #refreshing = false;
  #refreshSoon: NodeJS.Timeout | undefined;
  #closed: ((topic: string) => RecordError) | undefined;

  constructor(client: NativeClient, options: TopicDirectoryOptions) {
    this.#client = client;
    this.#options = options;
    this.#waiters = new TopicWaiters(options.maxBlockMs, (topic) => this.timeout(topic));
    this.#refreshTimer = setInterval(() => void this.#refresh(), options.metadataMaxAgeMs).unref();
  }

  /** The topic of this (valid) name. It may not be ready yet: see `Topic.whenReady`. @throws what close() was given. */
  topic(name: string): Topic {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#closed !== undefined) throw this.#closed(name);
    const deadline = performance.now() + this.#options.maxBlockMs;
    const { partitioner } = this.#options.partitioningOf(name);
    const custom = typeof partitioner === 'string' ? undefined : partitioner;
    const topic = new Topic(name, this.#register(name), custom, deadline, this.#waiters.add);
    this.#byName.set(name, topic);
    this.#byId[topic.id] = topic;
    this.#unresolved.add(topic);
    if (!this.#resolving) {
      this.#resolving = true;
      // At the turn's end: topics first used in one turn are asked for together.
      setImmediate(() => void this.#resolve());
    } else if (this.#pause !== undefined) {
      // It has not been asked for yet, whatever those wait for that have.
      setImmediate(this.#pause.cutShort);
    }
    return topic;
  }

  /** The topic, if it has been used and could be looked up. */
  known(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  /** Looks all topics up again before long: something about them seems to have changed. */
  refreshSoon(): void {
    if (this.#closed !== undefined) return;
    this.#refreshSoon ??= setTimeout(() => {
      this.#refreshSoon = undefined;
      void this.#refresh();
    }, REFRESH_PAUSE_MS).unref();
  }

  /** Takes a waiter out of the queue, if it is still there. */
  forgetWaiter(waiter: TopicWaiter): void {
    this.#waiters.forget(waiter);
  }

  /** What is told who has waited for it long enough. */
  timeout(topic: Topic): RecordError {
    const cause = this.#options.lastBrokerError();
    return new RecordError(
      `topic ${topic.name}: its partitions were not known within maxBlockMs (${this.#options.maxBlockMs} ms): ` +
        `${topic.lastError || 'no broker answered'}${cause === undefined ? '' : ` (last broker error: ${cause.message})`}`,
      'METADATA_TIMEOUT',
      { topic: topic.name, cause: topic.lastAnswer ?? cause, timedOutIn: 'metadata' },
    );
  }

  /** Asks the brokers for a topic's partitions. @throws RecordError as a send to that topic would */
  async describe(name: string): Promise<PartitionInfo[]> {
    const topic = this.topic(name);
    if (!topic.ready) {
      await new Promise<void>((resolve, reject) => {
        topic.whenReady((error) => (error === undefined ? resolve() : reject(ofNoRecord(error, name))));
      });
    }
    // librdkafka's call cannot be interrupted, but whoever waits for it can go.
    const [error, partitions] = await this.#describing.orEnd(this.#askFor(topic), (closed) =>
      ofNoRecord(closed(name), name),
    );
    if (error === 0) return partitions;
    throw new RecordError(`topic ${name}: ${kafkaErrorDescription(error)}`, kafkaErrorName(error), {
      topic: name,
    });
  }

  async #askFor({ id }: Topic): ReturnType<NativeClient['describeTopic']> {
    const patience = new MetadataPatience(FIRST_ATTEMPT_MS);
    for (;;) {
      const { ms } = patience;
      const answer = await this.#client.describeTopic(id, ms);
      const isFinal = kafkaErrorName(answer[0]) !== '_TIMED_OUT' || ms === LONGEST_ANSWER_MS;
      if (isFinal || this.#closed !== undefined) return answer;
      // Another broker may be asked next.
      patience.learn('_TIMED_OUT', ms);
    }
  }

  /** Ends every wait with this error; later ones wait as ever. */
  giveUpWaiting(error: (topic: string) => RecordError): void {
    this.#settle(new Map([...this.#unresolved].map((topic) => [topic, error(topic.name)])));
  }

  /** Ends every wait with this error, now and from now on. */
  close(error: (topic: string) => RecordError): void {
    this.#closed = error;
    clearInterval(this.#refreshTimer);
    clearTimeout(this.#refreshSoon);
    this.#settle(new Map([...this.#unresolved].map((topic) => [topic, error(topic.name)])));
    this.#describing.end(error);
  }

  #register(name: string): number {
    const { partitioner, keylessPartitioning } = this.#options.partitioningOf(name);
    try {
      return this.#client.topic(
        name,
        typeof partitioner === 'string' ? PARTITIONER_NAMES.indexOf(partitioner) : 0,
        KEYLESS_PARTITIONINGS.indexOf(keylessPartitioning),
        this.#options.onPartitionGrowth !== 'adopt',
        this.#options.batchSize,
      );
    } catch (cause) {
      const { message, code = 'INVALID_RECORD' } = cause as Error & { code?: string };
      throw new RecordError(`topic ${name}: ${message}`, code, { topic: name, cause });
    }
  }

  // One at a time: each holds a thread of libuv's pool for as long as a broker lets it wait.
  async #refresh(): Promise<void> {
    const ids = [...this.#byName.values()].map((topic) => topic.id);
    if (this.#refreshing || ids.length === 0 || this.#closed !== undefined) return;
    this.#refreshing = true;
    const started = performance.now();
    const found = await this.#client.refreshMetadata(ids, this.#patience.ms);
    this.#refreshing = false;
    this.#patience.learn(errorNameOf(found), performance.now() - started);
    if (found[0] === 0) this.#options.letIn();
    this.#read(found);
  }

  async #resolve(): Promise<void> {
    const patience = new MetadataPatience(FIRST_ATTEMPT_MS);
    let pauseMs = FIRST_PAUSE_MS;
    const began = performance.now();
    while (this.#unresolved.size > 0 && this.#closed === undefined) {
      const asked = [...this.#unresolved];
      const started = performance.now();
      const found = await this.#client.refreshMetadata(
        asked.map((topic) => topic.id),
        Math.ceil(Math.max(FIRST_ATTEMPT_MS, Math.min(patience.ms, this.#timeLeft()))),
      );
      const error = errorNameOf(found);
      // Where nobody answered, nobody would have answered those either that came meanwhile.
      for (const topic of error === '_TIMED_OUT' ? this.#unresolved : asked) topic.asked = true;
      patience.learn(error, performance.now() - started);
      if (error === '') this.#options.letIn();
      else for (const topic of asked) topic.unanswered(kafkaErrorDescription(found[0]));
      this.#read(found);
      if (this.#closed !== undefined) break;
      // As Java's: what will not be cured by waiting is told at once.
      const refusal = error === '' ? undefined : this.#options.refusal(began, started);
      if (refusal !== undefined) {
        this.#settle(new Map([...this.#unresolved].map((topic) => [topic, refused(topic, refusal)])));
      }
      const late = [...this.#unresolved].filter((topic) => performance.now() >= topic.deadline);
      this.#settle(new Map(late.map((topic) => [topic, this.timeout(topic)])));
      if (this.#unresolved.size === 0) break;
      const waited = NO_ANSWER.has(error) ? performance.now() - started : 0;
      this.#pause = pause(Math.max(0, Math.min(pauseMs - waited, this.#timeLeft())));
      await this.#pause.over;
      this.#pause = undefined;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    this.#resolving = false;
  }

  #timeLeft(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const topic of this.#unresolved) least = Math.min(least, topic.deadline - performance.now());
    return Math.max(0, least);
  }

  #read(found: Int32Array): void {
    const settled = new Map<Topic, RecordError | undefined>();
    let count: number;
    for (let at = 2; at < found.length; at += 4 + count) {
      const topic = this.#byId[found[at]];
      const error = kafkaErrorName(found[at + 1]);
      count = found[at + 3];
      if (found[at + 1] === 0) {
        const leaders = found.subarray(at + 4, at + 4 + count);
        const growth = topic.learn(leaders, found[at + 2], this.#options.onPartitionGrowth);
        if (growth !== undefined) this.#options.onGrowth(growth);
        if (this.#unresolved.has(topic)) settled.set(topic, undefined);
      } else if (this.#unresolved.has(topic)) {
        topic.refused(error, kafkaErrorDescription(found[at + 1]));
        if (!WORTH_ANOTHER_TRY.has(error)) {
          settled.set(
            topic,
            new RecordError(`topic ${topic.name}: ${topic.lastError}`, error, { topic: topic.name }),
          );
        }
      }
    }
    this.#settle(settled);
  }

  // First all topics, then all waiters in one go: no send made later can overtake them. A topic that failed is
  // forgotten, so that the next record for it asks anew.
  #settle(outcomes: ReadonlyMap<Topic, RecordError | undefined>): void {
    if (outcomes.size === 0) return;
    for (const [topic, error] of outcomes) {
      this.#unresolved.delete(topic);
      topic.ready = error === undefined;
      if (error !== undefined) this.#byName.delete(topic.name);
    }
    this.#waiters.tell(outcomes);
  }
}

function errorNameOf(found: Int32Array): string {
  return found[0] === 0 ? '' : kafkaErrorName(found[0]);
}

function refused(topic: Topic, cause: MillraceError): RecordError {
  return new RecordError(
    `topic ${topic.name}: the brokers refused the connection: ${cause.message}`,
    cause.code,
    { topic: topic.name, cause, retriable: false },
  );
}

/** What ends every wait for a topic is said of a record; here there is none. */
function ofNoRecord(error: RecordError, topic: string): RecordError {
  const { code } = error;
  if (code !== 'PRODUCER_CLOSED' && code !== 'TRANSACTION_ABORTED') return error;
  const what = code === 'PRODUCER_CLOSED' ? 'the producer closed' : 'a transaction was aborted';
  return new RecordError(`the partitions of topic ${topic} were not known before ${what}`, code, { topic });
}
