// Where the records go: the brokers that were named, else a cluster started inside this process.
import { EmbeddedCluster } from '../testing';

export interface TargetCluster {
  bootstrapServers: string;
  embedded: boolean;
  close(): Promise<void>;
}

export const EMBEDDED_PARTITIONS = 12;

/** @param partitions of the topic, in a cluster that is started */
export async function openTargetCluster(
  brokers: string | undefined,
  topic: string,
  partitions = EMBEDDED_PARTITIONS,
): Promise<TargetCluster> {
  if (brokers !== undefined) {
    return { bootstrapServers: brokers, embedded: false, close: () => Promise.resolve() };
  }
  const cluster = await EmbeddedCluster.start({
    brokers: 1,
    topics: [{ topic, partitions }],
  });
  process.stderr.write(
    `No --brokers given: using a cluster embedded in this process (${cluster.bootstrapServers}, ` +
      `topic ${topic} with ${partitions} partitions); its records are gone when the command ends.\n`,
  );
  return {
    bootstrapServers: cluster.bootstrapServers,
    embedded: true,
    close: () => cluster.close(),
  };
}
