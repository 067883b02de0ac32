// What a producer tells of beside the fate of records.
import type { MillraceError } from './errors';
import type { LogEvent, RequestEvent } from './handover/broker-events';
import type { PartitionGrowth } from './partition/topic';

export interface ProducerEvents {
  /** A line of librdkafka's log. */
  log: [event: LogEvent];
  /** A connection or broker failed. The producer goes on trying unless `error.fatal`. */
  brokerError: [error: MillraceError];
  /** librdkafka's statistics, with `librdkafka: { 'statistics.interval.ms': … }`: its JSON document. */
  statistics: [json: string];
  /** A broker has answered a request, or has not. Told from the first listener on. */
  request: [event: RequestEvent];
  /** A topic has got more partitions; `action` says what is done about it (`onPartitionGrowth`). */
  partitionsGrown: [growth: PartitionGrowth];
}

export type Listener<E extends keyof ProducerEvents> = (...told: ProducerEvents[E]) => void;
