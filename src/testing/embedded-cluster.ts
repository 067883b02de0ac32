// A Kafka cluster inside this process, for tests and demonstrations: librdkafka's mock cluster. Any client on the
// machine can use it. It keeps records in memory, about 5 MB a partition, and drops the oldest beyond that.
import { addon, endAtExit, type NativeMockCluster } from '../addon';
import { ConfigError, describeValue, kafkaErrorDescription, kafkaErrorName, MillraceError } from '../errors';

export interface EmbeddedTopic {
  topic: string;
  /** Default 4. */
  partitions?: number;
}

export interface EmbeddedClusterOptions {
  /** Number of brokers. Default 1. */
  brokers?: number;
  /** Topics to make at once. Others are made when first used, with 4 partitions. */
  topics?: readonly (string | EmbeddedTopic)[];
}

const DEFAULT_PARTITIONS = 4;

export class EmbeddedCluster implements AsyncDisposable {
  /** `host:port` of each broker, separated by commas. */
  readonly bootstrapServers: string;
  readonly #cluster: NativeMockCluster;
  readonly #brokers: number;
  readonly #takeBackExit: () => void;

  /** @throws ConfigError for bad options, MillraceError when a topic cannot be made. */
  static async start(options: EmbeddedClusterOptions = {}): Promise<EmbeddedCluster> {
    const { brokers = 1, topics = [], ...unknown } = options;
    const [surplus] = Object.keys(unknown);
    if (surplus !== undefined) throw new ConfigError(`EmbeddedCluster: unknown option ${surplus}`);
    if (!Number.isInteger(brokers) || brokers < 1 || brokers > 100) {
      throw new ConfigError(
        `EmbeddedCluster: brokers must be an integer from 1 to 100, got ${describeValue(brokers)}`,
      );
    }
    const cluster = new EmbeddedCluster(brokers);
    try {
      for (const entry of topics) {
        const { topic, partitions } =
          typeof entry === 'string' ? { topic: entry, partitions: undefined } : entry;
        cluster.createTopic(topic, partitions);
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

  /** Makes a topic with this many partitions, spread over the brokers. */
  createTopic(topic: string, partitions: number = DEFAULT_PARTITIONS): void {
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new ConfigError(
        `createTopic: partitions must be an integer above 0, got ${describeValue(partitions)}`,
      );
    }
    this.#check('createTopic', this.#cluster.createTopic(topic, partitions, Math.min(this.#brokers, 3)));
  }

  /** Makes `broker` (1 to the number of brokers) the partition's leader, or leaves it without one (null). */
  setLeader(topic: string, partition: number, broker: number | null): void {
    this.#check('setLeader', this.#cluster.setLeader(topic, partition, broker ?? -1));
  }

  /** Breaks a broker's connections and refuses new ones, until `brokerUp`. */
  brokerDown(broker: number): void {
    this.#check('brokerDown', this.#cluster.setBrokerDown(broker, true));
  }

  brokerUp(broker: number): void {
    this.#check('brokerUp', this.#cluster.setBrokerDown(broker, false));
  }

  /** Delays each of a broker's answers by this time. */
  setRoundTripTime(broker: number, milliseconds: number): void {
    this.#check('setRoundTripTime', this.#cluster.setRoundTripTime(broker, milliseconds));
  }

  /** Answers the next `count` requests of an API (by its protocol key; 0 is Produce) with this Kafka error code. */
  failRequests(apiKey: number, errorCode: number, count: number = 1): void {
    this.#cluster.pushRequestErrors(apiKey, errorCode, count);
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
}
