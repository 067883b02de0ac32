// A TCP proxy in front of one broker, through which a test hurts the broker's connections: cuts them, leaves them
// half open, holds their bytes back or delays each of them.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';

const HOST = '127.0.0.1';

export class TcpProxy {
  /** Listens on a port of its own; connections go on to the target's. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, HOST);
    await once(server, 'listening');
    // A forgotten proxy must not keep this process alive.
    server.unref();
    return new TcpProxy(server, targetPort);
  }

  readonly port: number;
  private readonly links = new Set<Link>();
  private readonly orphans = new Set<Socket>();
  private stalled = false;
  private latencyMs = 0;

  private constructor(
    private readonly server: Server,
    targetPort: number,
  ) {
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      const link = new Link(client, targetPort, () => this.links.delete(link));
      this.links.add(link);
      link.delayBy(this.latencyMs);
      if (this.stalled) link.stall();
    });
  }

  /** Connections that lead through to the broker now. */
  get connections(): number {
    return this.links.size;
  }

  /** Ends every connection, on both sides, with a reset. */
  cut(): void {
    for (const link of this.links) link.destroy();
  }

  /**
   * Ends every connection on the broker's side alone. The client's side stays open and swallows what is sent, as when
   * a host has vanished: the client learns of it only by its own timeouts. New connections lead through.
   */
  leaveHalfOpen(): void {
    for (const link of this.links) {
      const client = link.abandon();
      this.orphans.add(client);
      client.once('close', () => this.orphans.delete(client));
      client.on('data', () => {});
    }
  }

  /** Holds all bytes back, of new connections too, until `resume`; what was sent meanwhile then arrives late. */
  stall(): void {
    this.stalled = true;
    for (const link of this.links) link.stall();
  }

  resume(): void {
    this.stalled = false;
    for (const link of this.links) link.resume();
  }

  /** Delays what comes from now on by this time, in each direction. */
  delayBy(milliseconds: number): void {
    this.latencyMs = milliseconds;
    for (const link of this.links) link.delayBy(milliseconds);
  }

  async close(): Promise<void> {
    this.cut();
    for (const orphan of this.orphans) orphan.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A client's connection and the one to the broker that belongs to it. */
class Link {
  private readonly broker = new Socket();
  private readonly ways: readonly [Way, Way];
  private ended = false;

  constructor(
    private readonly client: Socket,
    targetPort: number,
    private readonly onEnd: () => void,
  ) {
    this.broker.connect(targetPort, HOST);
    for (const socket of [client, this.broker]) {
      socket.setNoDelay(true);
      socket.unref();
      // What goes wrong is told by 'close', which follows.
      socket.on('error', () => {});
    }
    // What a side has sent before it closed still goes through: a request may reach the broker that nobody waits for.
    this.ways = [new Way(client, this.broker), new Way(this.broker, client)];
    client.once('close', () => this.finish(this.ways[0], this.broker));
    this.broker.once('close', () => this.finish(this.ways[1], client));
  }

  stall(): void {
    for (const way of this.ways) way.stall();
  }

  resume(): void {
    for (const way of this.ways) way.resume();
  }

  delayBy(milliseconds: number): void {
    for (const way of this.ways) way.latencyMs = milliseconds;
  }

  destroy(): void {
    this.end();
    this.client.resetAndDestroy();
    this.broker.resetAndDestroy();
  }

  /** Ends the broker's side and gives the client's away. */
  abandon(): Socket {
    this.end();
    this.broker.resetAndDestroy();
    return this.client;
  }

  /** One side has closed: the other gets what is still on its way to it, then its end. */
  private finish(way: Way, other: Socket): void {
    if (this.ended) return;
    way.whenEmpty(() => {
      if (this.ended) return;
      this.end();
      other.destroySoon();
    });
  }

  private end(): void {
    this.ended = true;
    for (const way of this.ways) way.end();
    this.onEnd();
  }
}

/** One direction of a link: passes bytes on in order, each chunk when it is due. */
class Way {
  latencyMs = 0;
  private readonly queue: { chunk: Buffer; due: number }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private stalled = false;
  private emptied: (() => void) | undefined;
  private readonly receive = (chunk: Buffer) => {
    this.queue.push({ chunk, due: performance.now() + this.latencyMs });
    this.pump();
  };

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
  ) {
    from.on('data', this.receive);
    to.on('drain', () => this.pump());
  }

  stall(): void {
    this.stalled = true;
    this.from.pause();
  }

  resume(): void {
    this.stalled = false;
    this.pump();
  }

  end(): void {
    clearTimeout(this.timer);
    this.from.off('data', this.receive);
    this.queue.length = 0;
    this.from.resume();
  }

  whenEmpty(then: () => void): void {
    this.emptied = then;
    this.pump();
  }

  private pump(): void {
    clearTimeout(this.timer);
    while (!this.stalled && this.queue.length > 0 && !this.to.writableNeedDrain) {
      const wait = this.queue[0].due - performance.now();
      if (wait > 0) {
        this.timer = setTimeout(() => this.pump(), Math.ceil(wait)).unref();
        break;
      }
      this.to.write(this.queue.shift()?.chunk as Buffer);
    }
    if (this.stalled) return;
    if (this.to.writableNeedDrain) this.from.pause();
    else if (this.from.isPaused()) this.from.resume();
    if (this.queue.length === 0) this.emptied?.();
  }
}
