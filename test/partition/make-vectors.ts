// Makes murmur2-vectors.json again by the Java client itself: `npm run vectors`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { javaAndMavenMissing, javaCommand, kafkaClassPath } from '../broker/kafka-jars';

const PROGRAM = path.join(__dirname, 'Murmur2Vectors.java');
const VECTORS = path.join(__dirname, 'murmur2-vectors.json');
const MOST_OUTPUT = 64 * 1024 * 1024;

async function main(): Promise<void> {
  const missing = javaAndMavenMissing();
  if (missing) throw new Error(missing);
  const classPath = await kafkaClassPath();
  // Without the encoding, Java takes the program's text for what the locale says.
  const vectors = execFileSync(javaCommand(), ['-Dfile.encoding=UTF-8', '-cp', classPath, PROGRAM], {
    maxBuffer: MOST_OUTPUT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writeFileSync(VECTORS, vectors);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
