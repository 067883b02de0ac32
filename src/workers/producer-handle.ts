// What a thread needs to send through a producer that another thread opened: plain data, passed through workerData or
// postMessage.
import { check, lookInto, OBJECT } from '../check-given';
import { ConfigError, describeValue } from '../errors';
import { withoutSchemes } from '../options/bootstrap-server';
import type { ProducerOptions, ResolvedOptions } from '../options/producer-options';
import type { KeylessPartitioning, PartitionerName } from '../partition/partitioner';

/** Of the owner's options, those that the sending side reads. Credentials are not among them. */
const COPIED = [
  'batchSize',
  'bootstrapServers',
  'bufferMemory',
  'connectTimeoutMs',
  'deliveryTimeoutMs',
  'keylessPartitioning',
  'lingerMs',
  'maxBlockMs',
  'maxRequestSize',
  'metadataMaxAgeMs',
  'onPartitionGrowth',
  'topicBufferShare',
] as const;

/** What a thread may choose for itself; everything else is the owner's. */
const OWN = ['keySerializer', 'valueSerializer', 'partitioner', 'topics', 'maxBlockMs'] as const;

/** From `producer.share()`, for `Producer.attach()` in another thread of this process. Its content is nobody's business. */
export interface ProducerHandle {
  readonly millrace: 'producer';
  readonly process: number;
  readonly client: number;
  readonly options: Pick<ResolvedOptions<never, never>, (typeof COPIED)[number]>;
  /** undefined: code of the owner's, which cannot go from thread to thread. */
  readonly partitioner: PartitionerName | undefined;
  /** The owner's rules for single topics. */
  readonly topics: Readonly<Record<string, SharedTopicRules>>;
}

interface SharedTopicRules {
  /** null: code of the owner's; undefined: as for the other topics. */
  readonly partitioner: PartitionerName | null | undefined;
  readonly keylessPartitioning: KeylessPartitioning | undefined;
}

export type AttachOptions<K, V> = Pick<ProducerOptions<K, V>, (typeof OWN)[number]>;

export function makeHandle<K, V>(client: number, options: ResolvedOptions<K, V>): ProducerHandle {
  const copied = Object.fromEntries(COPIED.map((name) => [name, options[name]]));
  const { partitioner } = options;
  return {
    millrace: 'producer',
    process: process.pid,
    client,
    // How it connects is the owner's, and so are the servers' schemes, which would have to agree with that.
    options: {
      ...(copied as ProducerHandle['options']),
      bootstrapServers: withoutSchemes(options.bootstrapServers),
    },
    partitioner: typeof partitioner === 'string' ? partitioner : undefined,
    topics: Object.fromEntries(
      Object.entries(options.topics).map(([name, own]): [string, SharedTopicRules] => [
        name,
        {
          partitioner:
            own.partitioner === undefined || typeof own.partitioner === 'string' ? own.partitioner : null,
          keylessPartitioning: own.keylessPartitioning,
        },
      ]),
    ),
  };
}

/** The attached producer's options. @throws ConfigError when this is no handle of this process, or an option is the owner's */
export function readHandle<K, V>(handle: ProducerHandle, own: AttachOptions<K, V>): ProducerOptions<K, V> {
  if (!lookInto('attach: the handle', () => isHandle(handle))) {
    throw new ConfigError(`attach takes what producer.share() returned, got ${describeValue(handle)}`);
  }
  if (handle.process !== process.pid) {
    throw new ConfigError(
      `attach: the producer was opened in process ${handle.process}, this is ${process.pid}: only threads can share`,
    );
  }
  check('attach: options', OBJECT, own);
  const given = lookInto('attach: options', () => Object.entries({ ...own }));
  for (const [name] of given) {
    if (!OWN.includes(name as never)) {
      throw new ConfigError(
        `attach: option ${name} is not a thread's to choose: only ${OWN.join(', ')} are; the rest is the owner's`,
      );
    }
  }
  const chosen: AttachOptions<K, V> = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const partitioner = chosen.partitioner ?? (handle.partitioner as AttachOptions<K, V>['partitioner']);
  if (partitioner === undefined) {
    throw new ConfigError(
      "attach: the owner's partitioner is code, which cannot go from thread to thread: give the same as the option partitioner",
    );
  }
  if (chosen.topics !== undefined) check('attach: topics', OBJECT, chosen.topics);
  const options = lookInto('attach: the handle', () => ({ ...handle.options }));
  const topics = lookInto('attach: topics', () => ({ ...chosen.topics, ...topicsOf(handle, chosen.topics) }));
  return { ...options, ...chosen, partitioner, topics };
}

function isHandle(given: unknown): boolean {
  const { millrace, client, options, topics } = Object(given) as Partial<ProducerHandle>;
  return millrace === 'producer' && Number.isInteger(client) && OBJECT.fits(options) && OBJECT.fits(topics);
}

/** The owner's topics: what the thread says of one goes before what the owner said. */
function topicsOf<K, V>(
  { topics }: ProducerHandle,
  own: AttachOptions<K, V>['topics'],
): ProducerOptions<K, V>['topics'] {
  return Object.fromEntries(
    Object.entries(topics).map(([name, { partitioner, keylessPartitioning }]) => [
      name,
      {
        keylessPartitioning,
        ...own?.[name],
        partitioner: own?.[name]?.partitioner ?? (partitioner === null ? missingCode(name) : partitioner),
      },
    ]),
  );
}

function missingCode(topic: string): () => number {
  return () => {
    throw new ConfigError(
      `the owner's partitioner for topic ${topic} is code, which cannot go from thread to thread: give the same ` +
        `here, in the option topics`,
    );
  };
}
