// Topics made, grown and deleted: node-rdkafka's AdminClient, which works on the same librdkafka, with promises and with
// our errors.
import { isMainThread } from 'node:worker_threads';
import type * as nodeRdkafka from 'node-rdkafka';
import { ConfigError, kafkaErrorName, MillraceError } from '../errors';
import type { ProducerOptions } from '../options/producer-options';
import { toLibrdkafka } from '../options/to-librdkafka';
import { validateOptions } from '../options/validate';

export interface NewTopic {
  topic: string;
  /** Default -1: as the broker is configured, which needs Kafka 2.4. */
  partitions?: number;
  /** Default -1: likewise. */
  replicationFactor?: number;
  /** The topic's own settings, such as `cleanup.policy`. */
  configs?: Readonly<Record<string, string>>;
}

type TokenProvider = () => Promise<{ value: string }>;

export class TopicAdmin {
  readonly #client: nodeRdkafka.IAdminClient;
  readonly #provider: TokenProvider | undefined;

  private constructor(client: nodeRdkafka.IAdminClient, provider: TokenProvider | undefined) {
    this.#client = client;
    this.#provider = provider;
  }

  /**
   * Of a producer's options those that say how to reach the brokers. Reaches for none of them: the first call does.
   * @throws ConfigError; what the oauthBearerProvider throws
   */
  static async open(options: ProducerOptions): Promise<TopicAdmin> {
    // A producer that registers itself for nothing.
    const resolved = validateOptions({ ...options, enableIdempotence: false, transactionalId: undefined });
    // Failures are told by each call.
    const properties = { log_level: 0, ...Object.fromEntries(toLibrdkafka(resolved)) };
    const { sasl } = resolved;
    const provider =
      sasl?.mechanism === 'OAUTHBEARER' ? (sasl.oauthBearerProvider as TokenProvider) : undefined;
    const token = await provider?.();
    return new TopicAdmin(library().AdminClient.create(properties, token?.value), provider);
  }

  /** @throws MillraceError TOPIC_ALREADY_EXISTS, INVALID_REPLICATION_FACTOR, …; _TIMED_OUT after `timeoutMs` */
  createTopic(
    { topic, partitions = -1, replicationFactor = -1, configs = {} }: NewTopic,
    timeoutMs: number,
  ): Promise<void> {
    const wanted = {
      topic,
      num_partitions: partitions,
      replication_factor: replicationFactor,
      config: { ...configs },
    };
    return this.#call(`topic ${topic} was not created`, (client, done) =>
      client.createTopic(wanted, timeoutMs, done),
    );
  }

  /** Adds partitions until there are `count`. @throws MillraceError INVALID_PARTITIONS, …; _TIMED_OUT */
  createPartitions(topic: string, count: number, timeoutMs: number): Promise<void> {
    return this.#call(`topic ${topic} got no partitions`, (client, done) =>
      client.createPartitions(topic, count, timeoutMs, done),
    );
  }

  /** @throws MillraceError UNKNOWN_TOPIC_OR_PART, …; _TIMED_OUT */
  deleteTopic(topic: string, timeoutMs: number): Promise<void> {
    return this.#call(`topic ${topic} was not deleted`, (client, done) =>
      client.deleteTopic(topic, timeoutMs, done),
    );
  }

  /** Not while a call is open. */
  close(): void {
    this.#client.disconnect();
  }

  async #call(
    failure: string,
    call: (client: nodeRdkafka.IAdminClient, done: (error?: nodeRdkafka.LibrdKafkaError) => void) => void,
  ): Promise<void> {
    // librdkafka takes a token given by hand for one that never ends, so that only we can renew it.
    const token = await this.#provider?.();
    if (token !== undefined) this.#client.refreshOauthBearerToken(token.value);
    await new Promise<void>((resolve, reject) => {
      call(this.#client, (error) => {
        if (!error) return resolve();
        const { code, message } = error;
        reject(new MillraceError(`${failure}: ${message}`, kafkaErrorName(code), { cause: error }));
      });
    });
  }
}

function library(): typeof nodeRdkafka {
  if (!isMainThread) {
    // Its addon can be loaded once in a process.
    throw new ConfigError("topics are made in a process's main thread only: node-rdkafka serves no other");
  }
  // On demand: few programs make topics.
  return require('node-rdkafka');
}
