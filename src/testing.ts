// `millrace/testing`: public names, no logic.
export {
  EmbeddedCluster,
  type EmbeddedClusterOptions,
  type EmbeddedTopic,
  type FailRequestsOptions,
} from './testing/embedded-cluster';
export type { KafkaApi } from './testing/kafka-apis';
