// What an application has beside producers: consumers and admin clients, which are kafkajs's own where it is installed.
import type * as kafkajs from 'kafkajs';
import { registeredCodecs } from './compression-codecs';
import { KafkaJSNonRetriableError } from './errors';
import type { KafkaConfig, Offsets } from './types';

type KafkaJS = typeof kafkajs;

/** @throws KafkaJSNonRetriableError saying how to install it */
export function installedKafkaJS(wanted: string): KafkaJS {
  try {
    return require('kafkajs');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new KafkaJSNonRetriableError(
      `${wanted} is kafkajs's own, which is not installed: npm install kafkajs`,
      { cause },
    );
  }
}

export function isKafkaJSInstalled(): boolean {
  try {
    require.resolve('kafkajs');
    return true;
  } catch {
    return false;
  }
}

/** kafkajs with the same configuration, its codecs included. */
export class Application {
  readonly #config: KafkaConfig;
  #kafka: kafkajs.Kafka | undefined;

  constructor(config: KafkaConfig) {
    this.#config = config;
  }

  kafka(wanted: string): kafkajs.Kafka {
    const library = installedKafkaJS(wanted);
    Object.assign(library.CompressionCodecs, registeredCodecs());
    this.#kafka ??= new library.Kafka(this.#config as kafkajs.KafkaConfig);
    return this.#kafka;
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
