// kafkajs's constants, with Kafka's own numbers: also the names of the types of their values.

// kafkajs's types say that these two are enums, which take any number and are read by number, too; its objects are none.
// Enums of the same name are the same to TypeScript, so that both libraries' types can be mixed.
declare namespace Declared {
  enum logLevel {
    NOTHING = 0,
    ERROR = 1,
    WARN = 2,
    INFO = 4,
    DEBUG = 5,
  }
  enum CompressionTypes {
    None = 0,
    GZIP = 1,
    Snappy = 2,
    LZ4 = 3,
    ZSTD = 4,
  }
}

export const logLevel = {
  NOTHING: 0,
  ERROR: 1,
  WARN: 2,
  INFO: 4,
  DEBUG: 5,
} as unknown as typeof Declared.logLevel;
export type logLevel = Declared.logLevel;

/** The low three bits of a record batch's attributes. */
export const CompressionTypes = {
  None: 0,
  GZIP: 1,
  Snappy: 2,
  LZ4: 3,
  ZSTD: 4,
} as unknown as typeof Declared.CompressionTypes;
export type CompressionTypes = Declared.CompressionTypes;

/** org.apache.kafka.common.config.ConfigResource.Type */
export const ConfigResourceTypes = { UNKNOWN: 0, TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8 } as const;
export type ConfigResourceTypes = ValueOf<typeof ConfigResourceTypes>;

/** org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigSource */
export const ConfigSource = {
  UNKNOWN: 0,
  TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  DYNAMIC_BROKER_LOGGER_CONFIG: 6,
} as const;
export type ConfigSource = ValueOf<typeof ConfigSource>;

/** org.apache.kafka.common.resource.ResourceType */
export const AclResourceTypes = {
  UNKNOWN: 0,
  ANY: 1,
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
} as const;
export type AclResourceTypes = ValueOf<typeof AclResourceTypes>;

/** org.apache.kafka.common.acl.AclOperation */
export const AclOperationTypes = {
  UNKNOWN: 0,
  ANY: 1,
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const;
export type AclOperationTypes = ValueOf<typeof AclOperationTypes>;

/** org.apache.kafka.common.acl.AclPermissionType */
export const AclPermissionTypes = { UNKNOWN: 0, ANY: 1, DENY: 2, ALLOW: 3 } as const;
export type AclPermissionTypes = ValueOf<typeof AclPermissionTypes>;

/** org.apache.kafka.common.resource.PatternType */
export const ResourcePatternTypes = { UNKNOWN: 0, ANY: 1, MATCH: 2, LITERAL: 3, PREFIXED: 4 } as const;
export type ResourcePatternTypes = ValueOf<typeof ResourcePatternTypes>;

type ValueOf<T> = T[keyof T];
