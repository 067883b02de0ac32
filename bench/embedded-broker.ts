// The embedded cluster as a process of its own, for the topics of one trial; it ends with the runner that forked it.
import { EmbeddedCluster } from 'millrace/testing';

async function main() {
  const [topics = '[]'] = process.argv.slice(2);
  const cluster = await EmbeddedCluster.start({ brokers: 1, topics: JSON.parse(topics) });
  // Ctrl-C reaches this process too; the runner ends it when it is done with it.
  process.on('SIGINT', () => {});
  process.once('disconnect', () => process.exit(0));
  process.send!(cluster.bootstrapServers);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
