// What is open while a producer is: the client, the stages a record passes, and how all of it ends.
import { addon, endAtExit, type NativeClient } from './addon';
import { BufferMemory } from './buffer/buffer-memory';
import { Outstanding } from './delivery/outstanding';
import { Tally } from './delivery/tally';
import type { BrokerHealth } from './delivery/timeout-stage';
import { ConfigError, kafkaErrorName } from './errors';
import type { BrokerEvents } from './handover/broker-events';
import { FrameHandover } from './handover/frame-handover';
import { OAuthTokens } from './handover/oauth-token';
import { closedBeforeSent, isClosedError, transactionAborted } from './intake/admission-errors';
import { type Pipeline, RECORD_OVERHEAD_BYTES } from './intake/pipeline';
import { SingleSends } from './intake/single-sends';
import { closedError } from './lifecycle';
import type { ResolvedOptions } from './options/producer-options';
import type { RulesByTopic, TopicRules } from './options/topic-rules';
import type { PartitionGrowth } from './partition/topic';
import { TopicDirectory } from './partition/topic-directory';
import { type Pause, pause } from './pause';
import { SerializationOrder } from './serialize/serialization-order';

/** Frames are looked at this often for taking too long. */
const HOUSEKEEPING_MS = 100;
/** A frame is settled as a whole; from this age on its records are told of one by one, so that none waits for another. */
const PARTLY_AFTER_MS = 200;
/** librdkafka ends records by itself, looking once a second; what it has not ended by then is given up on. */
const GIVE_UP_GRACE_MS = 1500;
/** A blocking flush holds a thread of libuv's pool: in slices. */
const FLUSH_SLICE_MS = 100;
/** Between two looks at what librdkafka cannot be waited for: other threads' records, and what has yet to come to it. */
const POLL_MS = 10;
/** How long closing waits for calls inside librdkafka; what is left of it then goes on by itself. */
const LONGEST_END_MS = 2000;

export interface EngineParts<K, V> {
  options: ResolvedOptions<K, V>;
  /** librdkafka's. */
  properties: [string, string][];
  rules: RulesByTopic<K, V>;
  ledger: Ledger;
  events: BrokerEvents;
  /** The client of another thread's producer, to be sent through. */
  sharedClient: number | undefined;
  onGrowth: (growth: PartitionGrowth) => void;
}

/** What is known of records whether or not the engine is running. */
export class Ledger {
  readonly memory: BufferMemory;
  readonly outstanding: Outstanding;
  readonly tally = new Tally();
  /** Told when there begin or cease to be records on their way. */
  onBusy: (busy: boolean) => void = () => {};

  constructor({ bufferMemory, maxBlockMs, topicBufferShare }: ResolvedOptions<never, never>) {
    this.memory = new BufferMemory(bufferMemory, maxBlockMs, topicBufferShare);
    this.outstanding = new Outstanding((busy) => this.onBusy(busy));
  }
}

export class Engine<K, V> {
  readonly client: NativeClient;
  readonly tokens: OAuthTokens;
  readonly topics: TopicDirectory;
  readonly pipeline: Pipeline<K, V>;
  readonly singles: SingleSends<K, V>;
  readonly #ledger: Ledger;
  readonly #lingers: boolean;
  readonly #housekeeping: NodeJS.Timeout;
  readonly #takeBackExit: () => void;
  /** Nobody is told of anything any more. */
  #ended = false;
  /** Drains that are waited for, and whether librdkafka is being told not to wait out `lingerMs`. */
  #draining = 0;
  #flushing = false;

  /** @throws ConfigError when librdkafka refuses a property; MillraceError PRODUCER_CLOSED when the shared client is closed */
  constructor({ options, properties, rules, ledger, events, sharedClient, onGrowth }: EngineParts<K, V>) {
    const { acks, bufferMemory, maxBlockMs, metadataMaxAgeMs, deliveryTimeoutMs, maxRequestSize } = options;
    const { batchSize, onPartitionGrowth, onPoison, transactionalId, sasl } = options;
    const { memory, outstanding, tally } = ledger;
    let handover: FrameHandover | undefined;
    try {
      this.client = new addon.NativeClient(
        sharedClient ?? {
          properties,
          maxWindowBytes: bufferMemory,
          recordOverheadBytes: RECORD_OVERHEAD_BYTES,
          offsetsKnown: acks !== 0,
          resendNeighbours: onPoison === 'resend' && transactionalId === undefined,
        },
        (buffer, frames, details) => handover?.deliver(buffer, frames, details),
        (...event) => {
          if (!this.#ended) events.receive(...event);
        },
      );
    } catch (cause) {
      if (isClosedError(cause)) throw closedError();
      throw new ConfigError(`librdkafka refused the configuration: ${(cause as Error).message}`, cause);
    }
    const { client } = this;
    this.#ledger = ledger;
    this.#lingers = options.lingerMs > 0;
    this.tokens = new OAuthTokens(
      client,
      sasl?.mechanism === 'OAUTHBEARER' ? sasl.oauthBearerProvider : undefined,
    );
    const frames = new FrameHandover(client);
    handover = frames;
    memory.divide(client.memberCount());
    const health: BrokerHealth = {
      lastError: () => events.fatal ?? events.last,
      connectionLostAt: () => events.connectionLostAt,
      handshakeUnansweredAt: () => events.handshakeUnansweredAt,
      msSinceAnswer: () => client.msSinceAnswer(),
      transactional: transactionalId !== undefined,
    };
    this.topics = new TopicDirectory(client, {
      maxBlockMs,
      metadataMaxAgeMs,
      batchSize,
      onPartitionGrowth,
      partitioningOf: (topic) => rules.of(topic) as TopicRules<unknown, unknown>,
      onGrowth,
      lastBrokerError: health.lastError,
      refusal: (asked, again) => events.refusal(asked, again),
      letIn: () => events.letIn(),
    });
    this.pipeline = {
      rules: { topics: rules, maxRequestSize },
      topics: this.topics,
      memory,
      handover: frames,
      outstanding,
      tally,
      serializing: new SerializationOrder(maxBlockMs),
      health,
    };
    this.singles = new SingleSends(this.pipeline);
    this.#housekeeping = setInterval(() => {
      // First: what is over is not to be sent any more.
      client.expireParked(deliveryTimeoutMs);
      // What another thread should have gone on with, that is busy.
      client.pump();
      // What nobody was woken for.
      client.serveQueue();
      frames.lookAtOverdue(PARTLY_AFTER_MS, deliveryTimeoutMs + GIVE_UP_GRACE_MS);
    }, HOUSEKEEPING_MS).unref();
    // A process with records on their way stays alive; an idle producer does not hold it.
    ledger.onBusy = (busy) => {
      if (busy) this.#housekeeping.ref();
      else this.#housekeeping.unref();
    };
    this.#takeBackExit = endAtExit(() => client.destroyNow());
  }

  /** Resolves when every record sent before this call is settled. Does not wait out `lingerMs`. */
  async flush(): Promise<void> {
    await this.#drain();
  }

  /** Delivers what was accepted, attached threads' records too, as far as the time allows; ends the client. */
  async close(deadline: Pause): Promise<void> {
    const { client } = this;
    const { outstanding } = this.#ledger;
    client.endSharing();
    await Promise.race([Promise.all([this.#drain(), this.#othersDelivered(deadline)]), deadline.over]);
    deadline.cancel();
    this.#endWaits();
    if (outstanding.total > 0 || client.unsettledElsewhere() > 0) {
      this.singles.flush();
      client.purge();
      await outstanding.drain();
    }
    await this.#end();
  }

  /**
   * An attached producer's end. What is inside librdkafka cannot be told apart by threads, so it is left to go its way,
   * unless the owner closes meanwhile: that settles everything.
   */
  async detach(deadline: Pause, ownerCloses: Promise<void>): Promise<void> {
    const { outstanding } = this.#ledger;
    const end = await Promise.race([
      this.#drain(),
      deadline.over,
      ownerCloses.then(() => 'owner closes' as const),
    ]);
    deadline.cancel();
    this.#endWaits();
    this.singles.flush();
    if (end !== 'owner closes') this.pipeline.handover.abandon();
    await outstanding.drain();
    await this.#end();
  }

  /** Of what is not in the buffer yet. In the order of a record's way, so that nobody goes on to the next wait. */
  #endWaits(): void {
    this.pipeline.serializing.close();
    this.topics.close((topic) => closedBeforeSent(topic, 0));
    this.#ledger.memory.close();
  }

  /** Ends the waits of what belongs to a transaction that is aborted. */
  giveUpWaiting(): void {
    this.pipeline.serializing.giveUpWaiting();
    this.topics.giveUpWaiting((topic) => transactionAborted(topic, 0));
    this.#ledger.memory.giveUpWaiting();
  }

  /** Resolves when all that was sent before is settled. */
  #drain(): Promise<void> {
    this.singles.flush();
    const drained = this.#ledger.outstanding.drain();
    if (this.#lingers) {
      this.#draining++;
      void drained.then(() => this.#draining--);
      void this.#flushLingering();
    }
    return drained;
  }

  // One call at a time for all who drain: each holds a thread of libuv's pool.
  async #flushLingering(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    while (this.#draining > 0) {
      const code = await this.client.flush(FLUSH_SLICE_MS);
      // What is waited for may have yet to come there: it waits for a serializer, its topic or memory.
      if (kafkaErrorName(code) !== '_TIMED_OUT') await pause(POLL_MS).over;
    }
    this.#flushing = false;
  }

  /** What attached threads have handed over, dead ones included. */
  async #othersDelivered(deadline: Pause): Promise<void> {
    while (this.client.unsettledElsewhere() > 0 && !deadline.isOver) {
      await this.client.flush(FLUSH_SLICE_MS);
      await pause(POLL_MS).over;
    }
  }

  async #end(): Promise<void> {
    clearInterval(this.#housekeeping);
    const destroyed = this.client.destroy().then(this.#takeBackExit);
    // It waits for calls inside librdkafka that cannot be interrupted, as one that a slow broker has yet to answer.
    const patience = pause(LONGEST_END_MS);
    await Promise.race([destroyed, patience.over]);
    patience.cancel();
    this.#ended = true;
  }
}
