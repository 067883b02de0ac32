// kafkajs's events, with its ids, names and payloads.
import { EventEmitter } from 'node:events';
import { KafkaJSNonRetriableError } from './errors';
import type { InstrumentationEvent, Logger, ProducerEvents } from './types';

export const events: ProducerEvents = {
  CONNECT: 'producer.connect',
  DISCONNECT: 'producer.disconnect',
  REQUEST: 'producer.network.request',
  REQUEST_TIMEOUT: 'producer.network.request_timeout',
  REQUEST_QUEUE_SIZE: 'producer.network.request_queue_size',
};

export type EventName = ProducerEvents[keyof ProducerEvents];
const EVENT_NAMES: readonly EventName[] = Object.values(events);

let lastId = 0;

export class Instrumentation {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws KafkaJSNonRetriableError for a name that is none of `events` */
  on(eventName: EventName, listener: (event: InstrumentationEvent<never>) => unknown): () => void {
    if (!EVENT_NAMES.includes(eventName)) {
      const known = Object.keys(events).map((key) => `producer.events.${key}`);
      throw new KafkaJSNonRetriableError(`Event name should be one of ${known.join(', ')}`);
    }
    const heard = async (event: InstrumentationEvent<never>) => {
      try {
        await listener(event);
      } catch (error) {
        const { message, stack } = error instanceof Error ? error : new Error(String(error));
        this.#logger.error(`Failed to execute listener: ${message}`, { eventName, stack });
      }
    };
    this.#emitter.on(eventName, heard);
    return () => void this.#emitter.off(eventName, heard);
  }

  isHeard(eventName: EventName): boolean {
    return this.#emitter.listenerCount(eventName) > 0;
  }

  emit(type: EventName, payload?: unknown): void {
    if (!this.isHeard(type)) return;
    this.#emitter.emit(type, { id: lastId++, type, timestamp: Date.now(), payload });
  }

  /** Of each broker with a connection, from librdkafka's statistics: requests that wait to be sent. */
  queueSizes(clientId: string, statistics: string): void {
    const { brokers } = JSON.parse(statistics) as {
      brokers: Record<string, { nodeid: number; nodename: string; outbuf_cnt: number }>;
    };
    for (const { nodeid, nodename, outbuf_cnt } of Object.values(brokers)) {
      if (nodeid >= 0) {
        this.emit(events.REQUEST_QUEUE_SIZE, { broker: nodename, clientId, queueSize: outbuf_cnt });
      }
    }
  }
}
