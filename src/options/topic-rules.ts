// What the options say about records, topic by topic: serializers and partitioner.
import type { BytesLike } from '../intake/record';
import {
  type KeylessPartitioning,
  type PartitionerName,
  type PartitionFunction,
  readPartitioner,
} from '../partition/partitioner';
import type { Serializer } from '../serialize/serializer';
import type { ResolvedOptions } from './producer-options';

export interface TopicRules<K, V> {
  keySerializer: Serializer<K> | undefined;
  valueSerializer: Serializer<V> | undefined;
  partitioner: PartitionerName | PartitionFunction<K, V>;
  keylessPartitioning: KeylessPartitioning;
}

export class RulesByTopic<K, V> {
  readonly #common: TopicRules<K, V>;
  readonly #own = new Map<string, TopicRules<K, V>>();
  readonly #onlyCommon: boolean;

  constructor(options: ResolvedOptions<K, V>) {
    const { keySerializer, valueSerializer, partitioner, keylessPartitioning, topics } = options;
    this.#common = {
      keySerializer,
      valueSerializer,
      partitioner: readPartitioner(partitioner),
      keylessPartitioning,
    };
    for (const [name, own] of Object.entries(topics)) {
      this.#own.set(name, {
        keySerializer: own.keySerializer ?? keySerializer,
        valueSerializer: own.valueSerializer ?? valueSerializer,
        partitioner:
          own.partitioner === undefined ? this.#common.partitioner : readPartitioner(own.partitioner),
        keylessPartitioning: own.keylessPartitioning ?? keylessPartitioning,
      });
    }
    this.#onlyCommon = this.#own.size === 0;
  }

  /** For records whose key and value are bytes already. */
  static ofBytes(options: ResolvedOptions<BytesLike, BytesLike>): RulesByTopic<BytesLike, BytesLike> {
    const bytes = { keySerializer: undefined, valueSerializer: undefined };
    const topics = Object.entries(options.topics).map(([name, own]) => [name, { ...own, ...bytes }]);
    return new RulesByTopic({ ...options, ...bytes, topics: Object.fromEntries(topics) });
  }

  of(topic: string): TopicRules<K, V> {
    return this.#onlyCommon ? this.#common : (this.#own.get(topic) ?? this.#common);
  }
}
