// `millrace/testing`: public names, no logic.
export { EmbeddedCluster, type EmbeddedClusterOptions, type EmbeddedTopic } from './testing/embedded-cluster';
