// What a broker needs on disk before it starts: its server.properties and a formatted data directory.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { javaCommand } from './kafka-jars';

export const HOST = '127.0.0.1';
const MIB = 1024 * 1024;

const run = promisify(execFile);

export interface BrokerPlace {
  id: number;
  /** Clients connect here, or to the proxy in front of it. */
  port: number;
  /** The port that clients are told: `port`, or the proxy's. */
  advertisedPort: number;
  /** The other brokers connect here, and the harness. */
  directPort: number;
  controllerPort: number;
  /** Beside those three. */
  listeners: readonly Listener[];
  directory: string;
}

export interface Listener {
  name: string;
  protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT';
  port: number;
}

/** Writes a broker's settings and formats its data directory. */
export async function formatStorage(
  classPath: string,
  clusterId: string,
  place: BrokerPlace,
  all: readonly BrokerPlace[],
  brokerProperties: Record<string, string>,
  formatArguments: readonly string[],
): Promise<void> {
  const properties = { ...defaultProperties(place, all), ...brokerProperties };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  await mkdir(place.directory, { recursive: true });
  await writeFile(propertiesFile(place), lines.join(''));
  const standalone = all.length === 1 ? ['--standalone'] : [];
  // Tiered compilation stopped early: this program is over before better code would pay.
  const java = ['-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool'];
  const storage = ['format', `--cluster-id=${clusterId}`, '-c', propertiesFile(place), ...standalone];
  storage.push(...formatArguments);
  try {
    await run(javaCommand(), [...java, ...storage]);
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`Kafka's storage could not be formatted:\n${stdout}${stderr}`, { cause: error });
  }
}

export function dataDirectory(place: BrokerPlace): string {
  return path.join(place.directory, 'data');
}

export function propertiesFile(place: BrokerPlace): string {
  return path.join(place.directory, 'server.properties');
}

function defaultProperties(place: BrokerPlace, all: readonly BrokerPlace[]): Record<string, string> {
  const direct = `DIRECT://${HOST}:${place.directPort}`;
  const further = place.listeners.map(({ name, port }) => `,${name}://${HOST}:${port}`).join('');
  const protocols = place.listeners.map(({ name, protocol }) => `,${name}:${protocol}`).join('');
  return {
    'process.roles': 'broker,controller',
    'node.id': String(place.id),
    listeners: `PLAINTEXT://${HOST}:${place.port},${direct},CONTROLLER://${HOST}:${place.controllerPort}${further}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${place.advertisedPort},${direct}${further}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'DIRECT',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,DIRECT:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocols}`,
    'log.dirs': dataDirectory(place),
    ...quorum(all),
    ...replication(all.length),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker loses its leaderships, and may come back, only when its session is over.
    'broker.session.timeout.ms': '5000',
    'broker.heartbeat.interval.ms': '500',
    // Internal topics are made on first use, while a test waits.
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.num.partitions': '3',
    'share.coordinator.state.topic.num.partitions': '3',
    // Records are dropped by size alone: tests also write timestamps of long ago.
    'log.retention.ms': '-1',
    'log.retention.bytes': String(1024 * MIB),
    'log.segment.bytes': String(256 * MIB),
    'log.retention.check.interval.ms': '10000',
    'log.segment.delete.delay.ms': '1000',
  };
}

function quorum(all: readonly BrokerPlace[]): Record<string, string> {
  if (all.length === 1) {
    return { 'controller.quorum.bootstrap.servers': `${HOST}:${all[0].controllerPort}` };
  }
  const voters = all.map(({ id, controllerPort }) => `${id}@${HOST}:${controllerPort}`);
  return { 'controller.quorum.voters': voters.join(',') };
}

function replication(count: number): Record<string, string> {
  const factor = String(count);
  const leastInSync = count === 1 ? '1' : '2';
  return {
    'default.replication.factor': factor,
    'min.insync.replicas': leastInSync,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': leastInSync,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': leastInSync,
  };
}
