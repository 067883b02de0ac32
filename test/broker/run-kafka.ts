// Runs a Kafka by hand: `npx tsx test/broker/run-kafka.ts [1|3]`. It ends with Ctrl-C, or when its input ends.
import { once } from 'node:events';
import { javaAndMavenMissing } from './kafka-jars';
import { RealKafka } from './real-kafka';

async function main(): Promise<void> {
  const missing = javaAndMavenMissing();
  if (missing) throw new Error(missing);
  const kafka = await RealKafka.start({ brokers: process.argv[2] === '3' ? 3 : 1, fast: true });
  console.log(kafka.bootstrapServers);
  process.stdin.resume();
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process.stdin, 'end')]);
  await kafka.stop();
  process.exit();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
