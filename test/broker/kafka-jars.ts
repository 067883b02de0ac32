// Where the Kafka jars are: fetched once through Maven by pom.xml, then kept under node_modules/.cache.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const OLDEST_JAVA = 17;
const POM = path.join(__dirname, 'pom.xml');
const CACHE = path.join(__dirname, '..', '..', 'node_modules', '.cache');

const run = promisify(execFile);

/** The Kafka version that pom.xml names, of the server and of the Java client alike. */
export const kafkaVersion = readKafkaVersion();

const jarDirectory = path.join(CACHE, `millrace-kafka-${kafkaVersion}`);

/** The java program to run: that of JAVA_HOME, else the one on the PATH. */
export function javaCommand(): string {
  return process.env.JAVA_HOME ? path.join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
}

/** Why no Kafka can be started here, or undefined where it can. Maven is needed only until the jars are there. */
export function javaAndMavenMissing(): string | undefined {
  const java = spawnSync(javaCommand(), ['-version'], { encoding: 'utf8' });
  if (java.error || java.status !== 0) return `Java is missing (${javaCommand()} -version fails)`;
  const version = /version "(\d+)/.exec(java.stderr + java.stdout)?.[1];
  if (Number(version) < OLDEST_JAVA) {
    return `Java ${version} is too old: Kafka ${kafkaVersion} needs ${OLDEST_JAVA} or newer`;
  }
  if (existsSync(jarDirectory)) return undefined;
  const maven = spawnSync('mvn', ['-version']);
  if (maven.error || maven.status !== 0) return 'Maven is missing (mvn -version fails)';
  return undefined;
}

/** The class path of the Kafka server and the Java client; the first call fetches the jars. */
export async function kafkaClassPath(): Promise<string> {
  if (!existsSync(jarDirectory)) await fetchJars();
  return path.join(jarDirectory, '*');
}

async function fetchJars(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  // On the cache's own file system, so that the rename below is atomic.
  const half = await mkdtemp(path.join(CACHE, '.millrace-kafka-half-'));
  try {
    await run('mvn', ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${half}`]);
    await rename(half, jarDirectory);
  } catch (error) {
    // Another process got there first: its jars are as good.
    if (existsSync(jarDirectory)) return;
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`Maven could not fetch the Kafka jars:\n${stdout}${stderr}`, { cause: error });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

function readKafkaVersion(): string {
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(POM, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${POM} names no kafka.version`);
  return version;
}
