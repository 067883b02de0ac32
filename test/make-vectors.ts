// Makes the files of test vectors again by the Java client itself: `npm run vectors`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { javaAndMavenMissing, javaCommand, kafkaClassPath } from './broker/kafka-jars';

const PROGRAMS: readonly [program: string, vectors: string][] = [
  ['partition/Murmur2Vectors.java', 'partition/murmur2-vectors.json'],
  ['options/ProducerConfigVectors.java', 'options/producer-config-vectors.json'],
];
const MOST_OUTPUT = 64 * 1024 * 1024;

async function main(): Promise<void> {
  const missing = javaAndMavenMissing();
  if (missing) throw new Error(missing);
  const classPath = await kafkaClassPath();
  for (const [program, vectors] of PROGRAMS) {
    // Without the encoding, Java takes the program's text for what the locale says.
    const command = ['-Dfile.encoding=UTF-8', '-cp', classPath, path.join(__dirname, program)];
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'];
    const output = execFileSync(javaCommand(), command, { maxBuffer: MOST_OUTPUT, stdio });
    writeFileSync(path.join(__dirname, vectors), output);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
