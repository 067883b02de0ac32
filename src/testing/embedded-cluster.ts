// A Kafka cluster inside this process, for tests and demonstrations: librdkafka's mock cluster. Any client on the
// machine can use it. It keeps records in memory, about 5 MB a partition, and drops the oldest beyond that.
import { addon, endAtExit, type NativeMockCluster } from '../addon';
import { check, integerFrom, lookInto, NAME, oneOf, type Rule, readOptions, required } from '../check-given';
import {
  ConfigError,
  describeValue,
  kafkaErrorCode,
  kafkaErrorDescription,
  kafkaErrorName,
  MillraceError,
} from '../errors';
import { TOPIC } from '../intake/topic-name';
import { API_KEYS, type KafkaApi } from './kafka-apis';

export interface EmbeddedTopic {
  topic: string;
  /** Default 4. */
  partitions?: number | undefined;
}

export interface EmbeddedClusterOptions {
  /** Number of brokers. Default 1. */
  brokers?: number | undefined;
  /** Topics to make at once. Others are made when first used, with 4 partitions. */
  topics?: readonly (string | EmbeddedTopic)[] | undefined;
}

export interface FailRequestsOptions {
  /** How often the errors are gone through. Default 1. */
  times?: number | undefined;
  /**
   * Only requests to this broker fail (1 to the number of brokers). From the first time on, this broker no longer sees
   * failures of the same API that are asked for without a broker: librdkafka's mock keeps two lists and looks at one.
   */
  broker?: number | undefined;
  /** Those answers, errors or not, come this much later. Needs `broker`. Default 0 ms. */
  delayMs?: number | undefined;
}

const DEFAULT_PARTITIONS = 4;
const MOST_PARTITIONS = 100_000;
const PARTITIONS = integerFrom(1, MOST_PARTITIONS);
const DELAY_MS = integerFrom(0, 3_600_000);

const RULES: { readonly [Name in keyof EmbeddedClusterOptions]-?: Rule } = {
  brokers: integerFrom(1, 100),
  topics: { must: 'a list of topics', fits: Array.isArray },
};

export class EmbeddedCluster implements AsyncDisposable {
  /** `host:port` of each broker, separated by commas. */
  readonly bootstrapServers: string;
  readonly #cluster: NativeMockCluster;
  readonly #brokers: number;
  readonly #takeBackExit: () => void;

  /** @throws ConfigError for bad options, MillraceError when a topic cannot be made. */
  static async start(options: EmbeddedClusterOptions = {}): Promise<EmbeddedCluster> {
    const { brokers = 1, topics = [] } = readOptions<EmbeddedClusterOptions>(
      'EmbeddedCluster',
      options,
      RULES,
    );
    const cluster = new EmbeddedCluster(brokers);
    try {
      for (const [i, entry] of lookInto('EmbeddedCluster: topics', () => [...topics].entries())) {
        const given = typeof entry === 'string' ? { topic: entry } : entry;
        const rules = { topic: required(TOPIC), partitions: PARTITIONS };
        const { topic, partitions } = readOptions<EmbeddedTopic>(
          'EmbeddedCluster',
          given,
          rules,
          `topics[${i}]`,
        );
        cluster.createTopic(topic as string, partitions);
      }
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  private constructor(brokers: number) {
    this.#brokers = brokers;
    this.#cluster = new addon.NativeMockCluster(brokers);
    this.bootstrapServers = this.#cluster.bootstrapServers();
    this.#takeBackExit = endAtExit(() => this.#cluster.closeNow());
  }

  /** Makes a topic with this many partitions, spread over the brokers. @throws ConfigError */
  createTopic(topic: string, partitions: number = DEFAULT_PARTITIONS): void {
    check('createTopic: topic', TOPIC, topic);
    check('createTopic: partitions', PARTITIONS, partitions);
    this.#check('createTopic', this.#cluster.createTopic(topic, partitions, Math.min(this.#brokers, 3)));
  }

  /**
   * Makes `broker` (1 to the number of brokers) the partition's leader, or leaves it without one (null). The old leader
   * answers NOT_LEADER_FOR_PARTITION from then on; clients learn the new one from their next metadata request. Makes the topic
   * where there is none.
   */
  setLeader(topic: string, partition: number, broker: number | null): void {
    this.#checkPlace('setLeader', topic, partition);
    if (broker !== null) this.#checkBroker('setLeader', broker);
    this.#check('setLeader', this.#cluster.setLeader(topic, partition, broker ?? -1));
  }

  /** Tells consumers to read the partition from `broker` (KIP-392), or from its leader again (null). */
  setFollower(topic: string, partition: number, broker: number | null): void {
    this.#checkPlace('setFollower', topic, partition);
    if (broker !== null) this.#checkBroker('setFollower', broker);
    this.#check('setFollower', this.#cluster.setFollower(topic, partition, broker ?? -1));
  }

  /**
   * Makes `broker` the coordinator of the group or the `transactional.id` named `id`. The old one answers
   * NOT_COORDINATOR from then on.
   */
  setCoordinator(kind: 'group' | 'transaction', id: string, broker: number): void {
    check('setCoordinator: kind', oneOf('group', 'transaction'), kind);
    check('setCoordinator: id', NAME, id);
    this.#checkBroker('setCoordinator', broker);
    this.#check('setCoordinator', this.#cluster.setCoordinator(kind, id, broker));
  }

  /**
   * Tells clients this error when they ask for the topic's metadata or add its partitions to a transaction; null ends
   * it. Makes the topic where there is none.
   */
  setTopicError(topic: string, error: string | null): void {
    check('setTopicError: topic', TOPIC, topic);
    const code = error === null ? 0 : errorCode('setTopicError', error);
    this.#check('setTopicError', this.#cluster.setTopicError(topic, code));
  }

  /** Breaks a broker's connections, or every broker's, and refuses new ones, until `brokerUp`. Leaders stay as they are. */
  brokerDown(broker: number | 'all'): void {
    this.#check('brokerDown', this.#cluster.setBrokerDown(this.#oneOrAll('brokerDown', broker), true));
  }

  brokerUp(broker: number | 'all'): void {
    this.#check('brokerUp', this.#cluster.setBrokerDown(this.#oneOrAll('brokerUp', broker), false));
  }

  /** Delays each answer of a broker, or of every broker, by this time. 0 ends it. */
  setRoundTripTime(broker: number | 'all', milliseconds: number): void {
    check('setRoundTripTime: milliseconds', DELAY_MS, milliseconds);
    const id = this.#oneOrAll('setRoundTripTime', broker);
    this.#check('setRoundTripTime', this.#cluster.setRoundTripTime(id, milliseconds));
  }

  /**
   * Answers the next requests of an API with these errors, one request each, in this order, and does nothing else for
   * them: records of a failed Produce are not stored.
   *
   * ```ts
   * cluster.failRequests('Produce', ['NOT_ENOUGH_REPLICAS', 'NO_ERROR', 'REQUEST_TIMED_OUT']);
   * cluster.failRequests('Produce', 'NOT_LEADER_FOR_PARTITION', { times: 3 });
   * cluster.failRequests('Produce', '_TRANSPORT', { broker: 2 });
   * cluster.failRequests('InitProducerId', 'NO_ERROR', { broker: 1, delayMs: 500 });
   * ```
   *
   * @param errors Kafka's names as librdkafka spells them, the `code` of this library's errors. NO_ERROR lets a request
   *   through; _TRANSPORT breaks its connection.
   * @throws ConfigError for names, numbers and brokers that are not there
   */
  failRequests(api: KafkaApi, errors: string | readonly string[], options?: FailRequestsOptions): void {
    const rules = {
      times: integerFrom(1, 100_000),
      broker: integerFrom(1, this.#brokers),
      delayMs: DELAY_MS,
    };
    const {
      times = 1,
      broker,
      delayMs = 0,
    } = readOptions<FailRequestsOptions>('failRequests', options, rules);
    const key = apiKey('failRequests', api);
    if (delayMs > 0 && broker === undefined) {
      throw new ConfigError('failRequests: delayMs needs a broker; setRoundTripTime delays all answers');
    }
    const names = lookInto('failRequests: errors', () => [errors].flat());
    if (names.length === 0) throw new ConfigError('failRequests: errors must be at least one name, got none');
    const codes = names.map((error) => errorCode('failRequests', error));
    const all = Int32Array.from({ length: codes.length * times }, (_, i) => codes[i % codes.length]);
    this.#check(
      'failRequests',
      broker === undefined
        ? this.#cluster.pushRequestErrors(key, all)
        : this.#cluster.pushBrokerErrors(broker, key, all, delayMs),
    );
  }

  /** Forgets the failures of an API that were asked for without a broker and have not happened yet. */
  clearFailures(api: KafkaApi): void {
    this.#check('clearFailures', this.#cluster.clearRequestErrors(apiKey('clearFailures', api)));
  }

  async close(): Promise<void> {
    await this.#cluster.close();
    this.#takeBackExit();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #check(call: string, code: number): void {
    if (code !== 0) throw new MillraceError(`${call}: ${kafkaErrorDescription(code)}`, kafkaErrorName(code));
  }

  #checkBroker(call: string, broker: number): void {
    check(`${call}: broker`, integerFrom(1, this.#brokers), broker);
  }

  #checkPlace(call: string, topic: string, partition: number): void {
    check(`${call}: topic`, TOPIC, topic);
    check(`${call}: partition`, integerFrom(0, MOST_PARTITIONS - 1), partition);
  }

  /** As the addon takes it: -1 for all. */
  #oneOrAll(call: string, broker: number | 'all'): number {
    if (broker === 'all') return -1;
    this.#checkBroker(call, broker);
    return broker;
  }
}

function apiKey(call: string, api: KafkaApi): number {
  if (typeof api !== 'string' || !Object.hasOwn(API_KEYS, api)) {
    const known = Object.keys(API_KEYS).join(', ');
    throw new ConfigError(`${call}: api must be one of ${known}, got ${describeValue(api)}`);
  }
  return API_KEYS[api];
}

function errorCode(call: string, name: string): number {
  const code = kafkaErrorCode(name);
  if (code === undefined) {
    throw new ConfigError(`${call}: ${describeValue(name)} is not the name of a Kafka error`);
  }
  return code;
}
