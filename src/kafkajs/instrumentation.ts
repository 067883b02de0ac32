// kafkajs's events, with its ids, names and payloads.
import { EventEmitter } from 'node:events';
import type { RequestEvent } from '../handover/broker-events';
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

/** The requests a producer makes, in kafkajs's names. */
const API_NAMES: Readonly<Record<number, string>> = {
  0: 'Produce',
  3: 'Metadata',
  10: 'GroupCoordinator',
  17: 'SaslHandshake',
  18: 'ApiVersions',
  22: 'InitProducerId',
  24: 'AddPartitionsToTxn',
  25: 'AddOffsetsToTxn',
  26: 'EndTxn',
  28: 'TxnOffsetCommit',
  36: 'SaslAuthenticate',
  71: 'GetTelemetrySubscriptions',
  72: 'PushTelemetry',
};

let lastId = 0;

export class Instrumentation {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #logger: Logger;
  readonly #names: Readonly<Record<string, string>>;
  /** Called when there is another listener. */
  onHeard: (() => void) | undefined;

  /** @param names of the events there are: a producer's, or whose they say */
  constructor(logger: Logger, names: Readonly<Record<string, string>> = { ...events }) {
    this.#logger = logger;
    this.#names = names;
  }

  /** @throws KafkaJSNonRetriableError for a name that is none of the events' */
  on(eventName: string, listener: (event: InstrumentationEvent<never>) => unknown): () => void {
    if (!Object.values(this.#names).includes(eventName)) {
      const [whose] = this.#names.CONNECT.split('.');
      const known = Object.keys(this.#names).map((key) => `${whose}.events.${key}`);
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
    this.onHeard?.();
    return () => void this.#emitter.off(eventName, heard);
  }

  isHeard(eventName: string): boolean {
    return this.#emitter.listenerCount(eventName) > 0;
  }

  get requestsAreHeard(): boolean {
    return this.isHeard(events.REQUEST) || this.isHeard(events.REQUEST_TIMEOUT);
  }

  emit(type: string, payload?: unknown): void {
    if (!this.isHeard(type)) return;
    this.#emitter.emit(type, { id: lastId++, type, timestamp: Date.now(), payload });
  }

  /** A request's end. librdkafka tells neither its correlation id nor how long it waited to be sent. */
  request(clientId: string, request: RequestEvent): void {
    const { apiKey, apiVersion, roundTripMs, responseBytes } = request;
    const duration = Math.round(roundTripMs ?? 0);
    const sentAt = Date.now() - duration;
    const payload = {
      broker: request.broker,
      clientId,
      correlationId: 0,
      createdAt: sentAt,
      sentAt,
      pendingDuration: 0,
      apiName: API_NAMES[apiKey] ?? `Api${apiKey}`,
      apiKey,
      apiVersion,
    };
    if (request.error === undefined) {
      this.emit(events.REQUEST, { ...payload, size: responseBytes, duration });
    } else if (request.error === '_TIMED_OUT' || request.error === '_TIMED_OUT_QUEUE') {
      this.emit(events.REQUEST_TIMEOUT, payload);
    }
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
