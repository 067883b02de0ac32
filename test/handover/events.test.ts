// What the engine tells beside the outcome of records: logs, broker errors, statistics, requests for a token.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LogEvent, MillraceError } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

async function start(): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 1 }] });
  onTestFinished(() => cluster.close());
  return cluster;
}

describe('log events', () => {
  it('have a level, a facility and a message', async () => {
    const { bootstrapServers } = await start();
    const producer = openProducer({ bootstrapServers, librdkafka: { debug: 'broker' } });
    const events: LogEvent[] = [];
    producer.on('log', (event) => events.push(event));
    await producer.send({ topic: 'orders', value: 'v' });
    await expect.poll(() => events.length).toBeGreaterThan(0);
    for (const event of events) {
      expect(event).toEqual({
        level: expect.any(Number),
        facility: expect.stringMatching(/^[A-Z0-9_]+$/),
        message: expect.any(String),
      });
    }
    expect(events.some(({ level, facility }) => level === 7 && facility === 'CONNECT')).toBe(true);
  });

  it('tell why a connection failed', async () => {
    const producer = openProducer({ bootstrapServers: '127.0.0.1:9', connectTimeoutMs: 500 });
    const failures: string[] = [];
    producer.on('log', ({ facility, message }) => facility === 'FAIL' && failures.push(message));
    await expect(producer.connect()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(failures[0]).toContain('127.0.0.1:9');
  });
});

describe('brokerError events', () => {
  it('tell of a broker that went, and the producer goes on', async () => {
    const cluster = await start();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    const errors: MillraceError[] = [];
    producer.on('brokerError', (error) => errors.push(error));
    await producer.send({ topic: 'orders', value: 'v' });
    cluster.brokerDown(1);
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(errors[0]).toMatchObject({
      name: 'MillraceError',
      code: '_TRANSPORT',
      fatal: false,
      retriable: true,
    });
    expect(errors[0].message).not.toMatch(/^\[thrd/);
    cluster.brokerUp(1);
    expect(await producer.send({ topic: 'orders', value: 'v' })).toMatchObject({ offset: 1n });
  });

  it('nobody needs to listen to', async () => {
    const cluster = await start();
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders', value: 'v' });
    cluster.brokerDown(1);
    await new Promise((resume) => setTimeout(resume, 300));
    cluster.brokerUp(1);
    await producer.send({ topic: 'orders', value: 'v' });
  });
});

describe('statistics events', () => {
  it('come as often as asked for, in librdkafka’s JSON', async () => {
    const { bootstrapServers } = await start();
    const producer = openProducer({
      bootstrapServers,
      clientId: 'me',
      librdkafka: { 'statistics.interval.ms': 50 },
    });
    const seen: { client_id: string; txmsgs: number }[] = [];
    producer.on('statistics', (json) => seen.push(JSON.parse(json)));
    await producer.sendBatch(Array.from({ length: 10 }, () => ({ topic: 'orders', value: 'v' })));
    await expect.poll(() => seen.at(-1)?.txmsgs).toBe(10);
    expect(seen[0].client_id).toBe('me');
  });

  it('do not come unasked', async () => {
    const { bootstrapServers } = await start();
    const producer = openProducer({ bootstrapServers });
    let seen = 0;
    producer.on('statistics', () => seen++);
    await producer.send({ topic: 'orders', value: 'v' });
    await new Promise((resume) => setTimeout(resume, 300));
    expect(seen).toBe(0);
  });
});

describe('an OAUTHBEARER token', () => {
  it('is asked for when the producer opens', async () => {
    let asked = 0;
    const producer = openProducer({
      bootstrapServers: '127.0.0.1:9',
      connectTimeoutMs: 500,
      ssl: false,
      sasl: {
        mechanism: 'OAUTHBEARER',
        oauthBearerProvider: async () => {
          asked++;
          return {
            value: 'token',
            lifetimeMs: Date.now() + 3_600_000,
            principal: 'me',
            extensions: { a: 'b' },
          };
        },
      },
    });
    await producer.connect().catch(() => undefined);
    expect(asked).toBe(1);
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('no token today')), 'no token today'],
    [
      'throws',
      () => {
        throw new Error('no token today');
      },
      'no token today',
    ],
    [
      'gives one that has expired',
      async () => ({ value: 't', lifetimeMs: 1, principal: 'p' }),
      'expired|lifetime',
    ],
    ['gives nothing', async () => undefined, 'oauthBearerProvider: it must give an object'],
    ['gives an empty one', async () => ({ value: '', lifetimeMs: 1 }), 'value must be a string'],
    ['gives one that says nothing of its end', async () => ({ value: 'opaque' }), 'needs a lifetimeMs'],
    ['gives one that ends never', async () => ({ value: 'x', lifetimeMs: Infinity }), 'must be a number'],
  ] as [string, () => never, string][])(
    'that the provider does not give (it %s) is told as a broker error and by connect',
    async (_what, oauthBearerProvider, message) => {
      const producer = openProducer({
        bootstrapServers: '127.0.0.1:9',
        connectTimeoutMs: 800,
        ssl: false,
        sasl: { mechanism: 'OAUTHBEARER', oauthBearerProvider },
      });
      const errors: MillraceError[] = [];
      producer.on('brokerError', (error) => errors.push(error));
      await expect(producer.connect()).rejects.toMatchObject({ name: 'ConnectionError' });
      expect(errors.map((error) => error.message).join()).toMatch(new RegExp(message));
    },
  );
});
