// kafkajs's names, no logic.
export { AssignerProtocol, PartitionAssigners } from './assigners';
export { CompressionCodecs } from './compression-codecs';
export {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  CompressionTypes,
  ConfigResourceTypes,
  ConfigSource,
  logLevel,
  ResourcePatternTypes,
} from './enums';
export * from './errors';
export { Kafka } from './kafka';
export type * from './kafkajs-types';
export { Partitioners } from './partitioners';
export type * from './types';
