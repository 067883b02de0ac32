// What the options say about records, topic by topic: serializers and partitioner.
import type { BytesLike } from '../intake/record';
import {
  type KeylessPartitioning,
  type PartitionerName,
  type PartitionFunction,
  readPartitioner,
} from '../partition/partitioner';
import type { Serializer } from '../serialize/serializer';
import type { ResolvedOptions, TopicOptions } from './producer-options';

export interface TopicRules<K, V> {
  keySerializer: Serializer<K> | undefined;
  valueSerializer: Serializer<V> | undefined;
  partitioner: PartitionerName | PartitionFunction<K, V>;
  keylessPartitioning: KeylessPartitioning;
}

export class RulesByTopic<K, V> {
  readonly #common: TopicRules<K, V>;
  readonly #own: ReadonlyMap<string, TopicRules<K, V>>;

  private constructor(common: TopicRules<K, V>, own: ReadonlyMap<string, TopicRules<K, V>>) {
    this.#common = common;
    this.#own = own;
  }

  /** Makes the partitioners that are classes: call it once for a producer. @throws ConfigError when one cannot be made */
  static of<K, V>(options: ResolvedOptions<K, V>): RulesByTopic<K, V> {
    const { keySerializer, valueSerializer, keylessPartitioning, topics } = options;
    const partitioner = readPartitioner(options.partitioner, 'partitioner');
    const rulesOf = ([name, own]: [string, TopicOptions<K, V>]): [string, TopicRules<K, V>] => [
      name,
      {
        keySerializer: own.keySerializer ?? keySerializer,
        valueSerializer: own.valueSerializer ?? valueSerializer,
        partitioner:
          own.partitioner === undefined
            ? partitioner
            : readPartitioner(own.partitioner, `topics.${name}.partitioner`),
        keylessPartitioning: own.keylessPartitioning ?? keylessPartitioning,
      },
    ];
    const common = { keySerializer, valueSerializer, partitioner, keylessPartitioning };
    return new RulesByTopic(common, new Map(Object.entries(topics).map(rulesOf)));
  }

  /** For records whose key and value are bytes already: the same partitioners, no serializers. */
  ofBytes(): RulesByTopic<BytesLike, BytesLike> {
    const bytes = (rules: TopicRules<K, V>) =>
      ({ ...rules, keySerializer: undefined, valueSerializer: undefined }) as TopicRules<
        BytesLike,
        BytesLike
      >;
    const own = [...this.#own].map(([name, rules]) => [name, bytes(rules)] as const);
    return new RulesByTopic(bytes(this.#common), new Map(own));
  }

  of(topic: string): TopicRules<K, V> {
    return this.#own.size === 0 ? this.#common : (this.#own.get(topic) ?? this.#common);
  }
}
