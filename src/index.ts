// `millrace`: public names, no logic.
export { BatchResult } from './delivery/batch-result';
export { RecordMetadata, type TimestampType } from './delivery/record-metadata';
export { BatchError, ConfigError, ConnectionError, MillraceError, RecordError } from './errors';
export type { LogEvent } from './handover/broker-events';
export type { BytesLike, Headers, HeaderValue, ProducerRecord } from './intake/record';
export type { Acks, Compression, ProducerOptions } from './options/producer-options';
export type { OAuthBearerProvider, OAuthBearerToken, Pem, SaslOptions, SslOptions } from './options/security';
export { murmur2, partitionForKey } from './partition/murmur2';
export { Producer, type ProducerEvents, type ProducerMetrics } from './producer';
export { bytesSerializer, jsonSerializer, type Serializer, stringSerializer } from './serialize/serializer';
export type { AttachOptions, ProducerHandle } from './workers/producer-handle';
