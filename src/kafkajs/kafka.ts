// The entry point: one configuration for producers, consumers and admin clients.
import { Application, isKafkaJSInstalled } from './application';
import { EngineOptions, KAFKA_OPTIONS } from './engine-options';
import type { Admin, AdminConfig, Consumer, ConsumerConfig } from './kafkajs-types';
import { createLogger } from './logger';
import { KafkaJSProducer } from './producer';
import { TopicClient } from './topic-client';
import type { KafkaConfig, Logger, Producer, ProducerConfig } from './types';

export class Kafka {
  readonly #config: KafkaConfig;
  readonly #logger: Logger;
  readonly #application: Application;
  readonly #warned = new Set<string>();

  /** Connects to nothing. */
  constructor(config: KafkaConfig) {
    this.#config = ownCopy(config);
    // Another one: kafkajs writes into it.
    this.#application = new Application(ownCopy(config));
    this.#logger = createLogger(config.logLevel, config.logCreator, (level) =>
      this.#application.setLogLevel(level),
    );
  }

  /**
   * @throws KafkaJSNotImplemented for an option whose loss would change an outcome, KafkaJSNonRetriableError for
   *   options that contradict each other
   */
  producer(config: ProducerConfig = {}): Producer {
    const logger = this.#logger.namespace('Producer');
    const options = new EngineOptions(this.#config, config, (text) => this.#warnOnce(logger, text));
    return new KafkaJSProducer({
      kafka: this.#config,
      producer: config,
      options,
      logger,
      application: this.#application,
    });
  }

  /** kafkajs's own. @throws KafkaJSNonRetriableError when kafkajs is not installed */
  consumer(config: ConsumerConfig): Consumer {
    return this.#application.kafka('kafka.consumer()').consumer(config);
  }

  /**
   * kafkajs's own. Where kafkajs is not installed, one that creates, grows and deletes topics, and rejects whatever else
   * it is asked.
   */
  admin(config?: AdminConfig): Admin {
    if (!isKafkaJSInstalled()) {
      const client = new TopicClient(this.#config, config?.retry, this.#logger.namespace('Admin'));
      return client as unknown as Admin;
    }
    return this.#application.kafka('kafka.admin()').admin(config);
  }

  logger(): Logger {
    return this.#logger;
  }

  #warnOnce(logger: Logger, text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    logger.warn(text);
  }
}

/** Options that an object has from its class are taken, too. */
function ownCopy(config: KafkaConfig): KafkaConfig {
  const named = [...KAFKA_OPTIONS].map((name) => [name, config[name as keyof KafkaConfig]]);
  const copy: KafkaConfig = { ...Object.fromEntries(named), ...config };
  return typeof copy.sasl === 'object' && copy.sasl !== null ? { ...copy, sasl: { ...copy.sasl } } : copy;
}
