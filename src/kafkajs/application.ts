// What an application has beside producers: consumers and admin clients, which are kafkajs's own where it is installed.
import type * as kafkajs from 'kafkajs';
import type { logLevel } from './enums';
import { KafkaJSError, KafkaJSNonRetriableError } from './errors';
import type { KafkaConfig, Offsets } from './types';

type KafkaJS = typeof kafkajs;

/** @throws KafkaJSNonRetriableError saying how to install it */
export function installedKafkaJS(wanted: string): KafkaJS {
  try {
    const library: KafkaJS = require('kafkajs');
    if (!isOurs(library)) return library;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new KafkaJSNonRetriableError(
      `${wanted} is kafkajs's own, which is not installed: npm install kafkajs`,
      { cause },
    );
  }
  throw new KafkaJSNonRetriableError(
    `${wanted} is kafkajs's own, but the package named kafkajs is an alias of millrace/kafkajs here`,
  );
}

export function isKafkaJSInstalled(): boolean {
  try {
    require.resolve('kafkajs');
  } catch {
    return false;
  }
  return !isOurs(require('kafkajs'));
}

/** npm can put one package in another's place. */
function isOurs({ KafkaJSError: theirs }: { KafkaJSError: unknown }): boolean {
  return theirs === KafkaJSError;
}

/** kafkajs with the same configuration. */
export class Application {
  readonly #config: KafkaConfig;
  #kafka: kafkajs.Kafka | undefined;
  /** What the program has chosen since. */
  #logLevel: logLevel | undefined;

  constructor(config: KafkaConfig) {
    this.#config = config;
  }

  kafka(wanted: string): kafkajs.Kafka {
    const library = installedKafkaJS(wanted);
    if (this.#kafka === undefined) {
      this.#kafka = new library.Kafka(this.#config as kafkajs.KafkaConfig);
      if (this.#logLevel !== undefined) this.#kafka.logger().setLogLevel(this.#logLevel);
    }
    return this.#kafka;
  }

  /** Of consumers and admin clients, also of those made later. */
  setLogLevel(level: logLevel): void {
    this.#logLevel = level;
    this.#kafka?.logger().setLogLevel(level);
  }

  /**
   * Tells this application's consumers that a transaction has committed offsets for them, as kafkajs's transactions
   * do: `uncommittedOffsets()` then leaves them out.
   */
  markCommitted(groupId: string, { topics }: Offsets): void {
    const byGroup = this.#committedOffsets();
    if (byGroup === undefined) return;
    const group = byGroup.get(groupId) ?? {};
    byGroup.set(groupId, group);
    for (const { topic, partitions } of topics) {
      group[topic] ??= {};
      for (const { partition, offset } of partitions) group[topic][partition] = offset;
    }
  }

  // kafkajs shares them between a client's producers and consumers under a symbol of its own.
  #committedOffsets(): Map<string, Record<string, Record<number, string>>> | undefined {
    if (this.#kafka === undefined) return undefined;
    const symbol = Object.getOwnPropertySymbols(this.#kafka).find(
      ({ description }) => description === 'private:Kafka:offsets',
    );
    return symbol && (this.#kafka as unknown as Record<symbol, Map<string, Record<string, never>>>)[symbol];
  }
}
