// A real Apache Kafka, of one or three brokers, on this machine: for tests and benchmarks alike.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import {
  type BrokerPlace,
  dataDirectory,
  formatStorage,
  HOST,
  type Listener,
  propertiesFile,
} from './broker-storage';
import { javaCommand, kafkaClassPath, kafkaVersion } from './kafka-jars';
import { TcpProxy } from './tcp-proxy';
import { Watchdog } from './watchdog';

// A machine that is busy with other tests takes its time.
const START_TIMEOUT_MS = 180_000;
const POLL_MS = 100;
const LOG_TAIL_CHARACTERS = 6_000;

// Below the ports that systems hand out for outgoing connections: a client that keeps trying to reconnect to
// a broker that is down could otherwise be given that broker's port, and the broker could never come back.
const LOWEST_PORT = 16_000;
const HIGHEST_PORT = 32_000;

const SIGNALS_THAT_END_NOTHING: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT', 'SIGQUIT'];

export interface RealKafkaOptions {
  brokers?: 1 | 3;
  /** Lines for the server.properties of every broker; they win over the ones set here. */
  brokerProperties?: Record<string, string>;
  /** Most heap of each broker, in the way of Java's -Xmx. */
  heap?: string;
  /** For brokers whose speed is measured: the others' code is compiled once and quickly, and they start in two thirds of the time. */
  fast?: boolean;
  /** Advertises each broker behind a TcpProxy, so that its clients' connections can be hurt. */
  proxied?: boolean;
  /** Further listeners of every broker, by name. They do not go through a proxy. */
  listeners?: Record<string, Listener['protocol']>;
  /** More arguments for the command that formats the brokers' storage, such as `--add-scram`. */
  formatArguments?: readonly string[];
}

/** A Kafka cluster of combined controllers and brokers that never outlives this process. */
export class RealKafka {
  /** Starts a cluster, and waits until every broker answers and knows all the others. */
  static async start(options: RealKafkaOptions = {}): Promise<RealKafka> {
    const { brokers: count = 1, brokerProperties = {}, heap = '1g', fast = false, proxied = false } = options;
    const { listeners = {}, formatArguments = [] } = options;
    const names = Object.keys(listeners);
    const portsEach = 3 + names.length;
    const classPath = await kafkaClassPath();
    const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-kafka-'));
    const watchdog = new Watchdog(directory);
    const proxies: TcpProxy[] = [];
    try {
      const ports = await freePorts(portsEach * count);
      const places = Array.from({ length: count }, (_, i) => ({
        id: i + 1,
        port: ports[portsEach * i],
        advertisedPort: ports[portsEach * i],
        directPort: ports[portsEach * i + 1],
        controllerPort: ports[portsEach * i + 2],
        listeners: names.map((name, j) => ({
          name,
          protocol: listeners[name],
          port: ports[portsEach * i + 3 + j],
        })),
        directory: path.join(directory, `broker-${i + 1}`),
      }));
      for (const place of proxied ? places : []) {
        const proxy = await TcpProxy.start(place.port);
        proxies.push(proxy);
        place.advertisedPort = proxy.port;
      }
      const clusterId = randomBytes(16).toString('base64url');
      const brokers = await Promise.all(
        places.map(async (place) => {
          await formatStorage(classPath, clusterId, place, places, brokerProperties, formatArguments);
          return new RealBroker(place, classPath, { heap, fast }, watchdog, proxies[place.id - 1]);
        }),
      );
      await Promise.all(brokers.map((broker) => broker.start()));
      const kafka = new RealKafka(brokers, directory, watchdog);
      await kafka.waitUntilEachKnowsAll();
      return kafka;
    } catch (error) {
      watchdog.release();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      throw error;
    }
  }

  /** A comma-separated list, for `bootstrap.servers`. */
  readonly bootstrapServers: string;
  /** The same brokers, past the proxies: for those who look on from outside. */
  readonly directServers: string;
  readonly version = kafkaVersion;

  private constructor(
    readonly brokers: readonly RealBroker[],
    /** Holds each broker's data, settings and server.log; gone after stop. */
    readonly directory: string,
    private readonly watchdog: Watchdog,
  ) {
    this.bootstrapServers = brokers.map(({ port }) => `${HOST}:${port}`).join(',');
    this.directServers = brokers.map(({ directServer }) => directServer).join(',');
  }

  /** A comma-separated list of one of the further `listeners`. */
  serversOf(listener: string): string {
    return this.brokers.map((broker) => `${HOST}:${broker.portOf(listener)}`).join(',');
  }

  /** The id of the broker that leads the controllers, as the first of all has noted it. */
  async activeController(): Promise<number> {
    const file = path.join(this.brokers[0].dataDirectory, '__cluster_metadata-0', 'quorum-state');
    return JSON.parse(await readFile(file, 'utf8')).leaderId;
  }

  /** Ends every broker at once and removes its data. */
  async stop(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.kill('SIGKILL')));
    await Promise.all(this.brokers.map((broker) => broker.proxy?.close()));
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
    this.watchdog.release();
  }

  private async waitUntilEachKnowsAll(): Promise<void> {
    const ids = this.brokers.map(({ id }) => id);
    await Promise.all(this.brokers.map((broker) => broker.waitUntilItKnows(ids)));
  }
}

/** One broker of a RealKafka: it can be killed and started again, on the same port and with the same data. */
export class RealBroker {
  readonly id: number;
  /** Where clients find it: its proxy's port, where it has one. */
  readonly port: number;
  /** Where the other brokers find it. */
  readonly directPort: number;
  private running?: { child: ChildProcess; exit: Promise<unknown> };

  constructor(
    private readonly place: BrokerPlace,
    private readonly classPath: string,
    private readonly java: Required<Pick<RealKafkaOptions, 'heap' | 'fast'>>,
    private readonly watchdog: Watchdog,
    /** Only where the cluster is `proxied`. */
    readonly proxy: TcpProxy | undefined,
  ) {
    this.id = place.id;
    this.port = place.advertisedPort;
    this.directPort = place.directPort;
  }

  portOf(listener: string): number {
    const found = this.place.listeners.find(({ name }) => name === listener);
    if (found === undefined) throw new Error(`Broker ${this.id} has no listener ${listener}`);
    return found.port;
  }

  /** Undefined while the broker is down. */
  get pid(): number | undefined {
    return this.running?.child.pid;
  }

  /** Starts the broker, if it is down, and waits until the cluster counts it as one of its live brokers. */
  async start(): Promise<void> {
    if (this.running) return;
    const log = openSync(this.logFile, 'a');
    const child = spawn(javaCommand(), this.javaArguments(), { stdio: ['ignore', log, log] });
    closeSync(log);
    const { pid } = child;
    // A forgotten broker must not keep this process alive; the watchdog ends it afterwards.
    child.unref();
    const exit = once(child, 'exit').finally(() => {
      this.running = undefined;
      if (pid !== undefined) this.watchdog.forget(pid);
    });
    exit.catch(() => {});
    this.running = { child, exit };
    if (pid !== undefined) this.watchdog.watch(pid);
    await this.waitUntilItKnows([this.id]);
  }

  /** Sends a signal; one that ends the broker is waited for. SIGSTOP and SIGCONT pause and resume it. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.running) return;
    const { child, exit } = this.running;
    child.kill(signal);
    if (SIGNALS_THAT_END_NOTHING.includes(signal)) return;
    child.ref();
    await exit;
  }

  /** Waits until this broker itself lists the given ones as live. */
  async waitUntilItKnows(ids: readonly number[]): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await this.knows(ids))) {
      if (!this.running) throw await this.failure('ended while starting');
      if (Date.now() > deadline) throw await this.failure(`was not ready after ${START_TIMEOUT_MS} ms`);
      await sleep(POLL_MS);
    }
  }

  private async knows(ids: readonly number[]): Promise<boolean> {
    const admin = new Kafka({
      clientId: 'real-kafka',
      brokers: [this.directServer],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 2_000,
      requestTimeout: 5_000,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      const live = new Set(brokers.map(({ nodeId }) => nodeId));
      return ids.every((id) => live.has(id));
    } catch {
      return false;
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }

  private async failure(what: string): Promise<Error> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    return new Error(`Kafka broker ${this.id} ${what}. End of its log:\n${log.slice(-LOG_TAIL_CHARACTERS)}`);
  }

  /** The same, past its proxy. */
  get directServer(): string {
    return `${HOST}:${this.directPort}`;
  }

  get dataDirectory(): string {
    return dataDirectory(this.place);
  }

  private get logFile(): string {
    return path.join(this.place.directory, 'server.log');
  }

  private javaArguments(): string[] {
    return [
      `-Xmx${this.java.heap}`,
      ...(this.java.fast ? [] : ['-XX:TieredStopAtLevel=1']),
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      '-Djava.awt.headless=true',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
      '-cp',
      this.classPath,
      'kafka.Kafka',
      propertiesFile(this.place),
    ];
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  try {
    while (servers.length < count) {
      const server = createServer();
      server.listen(randomInt(LOWEST_PORT, HIGHEST_PORT), HOST);
      await once(server, 'listening').then(
        () => servers.push(server),
        () => server.close(),
      );
    }
    return servers.map((server) => (server.address() as { port: number }).port);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
