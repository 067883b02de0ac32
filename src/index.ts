// `millrace`: public names, no logic.
export { type CloseOnSignalsOptions, closeOnSignals } from './close-on-signals';
export { BatchResult } from './delivery/batch-result';
export type { CloseOptions, CloseReceipt } from './delivery/close-receipt';
export { RecordMetadata, type TimestampType } from './delivery/record-metadata';
export type { UnsentRecord } from './delivery/tally';
export {
  BatchError,
  ConfigError,
  ConnectionError,
  MillraceError,
  RecordError,
  type RecordField,
  type RecordWaits,
  type TimeoutStage,
} from './errors';
export type { LogEvent, RequestEvent } from './handover/broker-events';
export {
  IngestError,
  type IngestFormat,
  type IngestModule,
  type IngestOptions,
  type IngestReject,
  type IngestRejects,
  type IngestReport,
  type IngestSource,
  type LineParser,
  type ParsedLine,
} from './ingest/ingest-options';
export type { Dispatch } from './intake/dispatch';
export type { BatchRecord, BytesLike, Headers, HeaderValue, ProducerRecord } from './intake/record';
export type { WritableOptions } from './intake/record-stream';
export type { SendAllOptions, SendAllResult } from './intake/send-all';
export type { BatchOptions, DeliveryCallback, SendOptions } from './intake/send-options';
export type {
  Acks,
  Compression,
  OnPartitionGrowth,
  OnPoison,
  ProducerOptions,
  TopicOptions,
} from './options/producer-options';
export type { OAuthBearerProvider, OAuthBearerToken, Pem, SaslOptions, SslOptions } from './options/security';
export { murmur2, murmur2Batch, partitionForKey } from './partition/murmur2';
export type {
  CustomPartitioner,
  KeylessPartitioning,
  Partitioner,
  PartitionerName,
  PartitionFunction,
  PartitionRequest,
} from './partition/partitioner';
export type { PartitionGrowth, PartitionInfo } from './partition/topic';
export { Producer, type ProducerMetrics } from './producer';
export type { ProducerEvents } from './producer-events';
export {
  doubleSerializer,
  floatSerializer,
  integerSerializer,
  longSerializer,
  shortSerializer,
  uuidSerializer,
} from './serialize/java-serializers';
export {
  bytesSerializer,
  jsonSerializer,
  type Serializer,
  type SerializerHeaders,
  stringSerializer,
} from './serialize/serializer';
export type { GroupOffsets, PartitionOffset } from './transactions/group-offsets';
export type { Transaction } from './transactions/transaction';
export type { TransactOptions } from './transactions/transactions';
export type { ModeMetrics, WorkerMode } from './workers/mode-choice';
export type { AttachOptions, ProducerHandle } from './workers/producer-handle';
export type { WorkerModule, WorkerModulePath } from './workers/worker-module';
export { Workers, type WorkersMetrics, type WorkersOptions } from './workers/workers';
