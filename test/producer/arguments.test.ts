// What is wrong about the arguments of a call is told by name, with what was expected and what came, and costs nothing
// but that call.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, closeOnSignals, Producer, RecordError } from '../../src';
import { EmbeddedCluster } from '../../src/testing';

const TOPIC = 'orders';
const record = { topic: TOPIC, value: 'v' };
const reason = new Error('not today');
const thrower = () => {
  throw reason;
};

let cluster: EmbeddedCluster;
let producer: Producer;
let transactional: Producer;
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ topics: [{ topic: TOPIC, partitions: 2 }] });
  producer = new Producer({ bootstrapServers: cluster.bootstrapServers });
  transactional = new Producer({ bootstrapServers: cluster.bootstrapServers, transactionalId: 'arguments' });
});
afterAll(async () => {
  await Promise.all([producer.close(), transactional.close()]);
  await cluster.close();
});

function revoked(): never {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy as never;
}

async function failureOf(call: () => unknown): Promise<Error> {
  return Promise.resolve()
    .then(call)
    .then(
      () => expect.unreachable('was accepted'),
      (error) => error,
    );
}

/** Each call with one argument to be spoilt, and how its messages name it. */
const CALLS: [name: string, call: (argument: never) => unknown][] = [
  ['send: options', (options) => producer.send(record, options)],
  ['sendBatch: options', (options) => producer.sendBatch([record], options)],
  ['dispatch: options', (options) => producer.dispatch(record, options).delivered],
  ['dispatchBatch: options', (options) => producer.dispatchBatch([record], options).accepted],
  ['writable: options', (options) => producer.writable(options)],
  ['sendAll: options', (options) => producer.sendAll([record], options)],
  ['close: options', (options) => producer.close(options)],
  ['transact: options', (options) => transactional.transact(() => 1, options)],
  ['ingest: options', (options) => producer.ingest(['a\n'], options)],
  ['workers: options', (options) => producer.workers(options)],
  ['attach: options', (options) => Producer.attach(producer.share(), options)],
  ["the producer's options", (options) => new Producer(options)],
  ['closeOnSignals: options', (options) => closeOnSignals(producer, options)],
  ['EmbeddedCluster: options', (options) => EmbeddedCluster.start(options)],
  ['failRequests: options', (options) => cluster.failRequests('Produce', 'UNKNOWN', options)],
];

describe('options', () => {
  it.each(CALLS)('%s must be an object', async (name, call) => {
    for (const [argument, told] of [
      [null, 'null'],
      [7, 'the number 7'],
    ]) {
      const error = await failureOf(() => call(argument as never));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toBe(`${name} must be an object, got ${told}`);
    }
  });

  it.each(CALLS)('%s that cannot be read are told of with the reason', async (_name, call) => {
    const spoilt = new Proxy({}, { get: thrower, ownKeys: thrower });
    const error = await failureOf(() => call(spoilt as never));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/could not be read: not today$/);
    expect(error.cause).toBe(reason);
    expect(await failureOf(() => call(revoked()))).toBeInstanceOf(ConfigError);
  });

  it.each(CALLS)('%s that do not exist are refused', async (_name, call) => {
    const error = await failureOf(() => call({ maxRetrys: 1 } as never));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/(unknown option maxRetrys$|option maxRetrys is not a thread's to choose)/);
  });

  it.each<[message: string, call: () => unknown]>([
    [
      'dispatch: unknown option Signal: did you mean signal?',
      () => producer.dispatch(record, { Signal: 1 } as never).delivered,
    ],
    ['send: unknown option topic', () => producer.send(record, { topic: TOPIC } as never)],
    ['send: signal must be an AbortSignal, got', () => producer.send(record, { signal: {} as never })],
    ['close: timeoutMs must be a number of at least 0 (ms), got', () => producer.close({ timeoutMs: -1 })],
    ['close: unsentRecords must be true or false, got', () => producer.close({ unsentRecords: 1 as never })],
    ['writable: highWaterMark must be an integer', () => producer.writable({ highWaterMark: 0.5 })],
    [
      'sendAll: onRecordError must be a function, got true',
      () => producer.sendAll([], { onRecordError: true as never }),
    ],
    ['transact: retries must be an integer', () => transactional.transact(() => 1, { retries: -1 })],
    [
      'workers: options must be something that can be cloned',
      () => producer.workers({ module: './none.js', options: thrower }),
    ],
    [
      'ingest: header "h" must be a string, Uint8Array or null, got',
      () => producer.ingest([], { topic: TOPIC, format: 'lines', headers: { h: 1n } as never }),
    ],
    [
      'ingest: format.options must be something that can be cloned',
      () => producer.ingest([], { topic: TOPIC, format: { module: 'm', options: thrower } }),
    ],
    [
      'ingest: partition must be an integer from 0 to 2147483647, got the string "1"',
      () => producer.ingest([], { topic: TOPIC, format: 'lines', partition: '1' as never }),
    ],
    [
      'closeOnSignals: signals must be a list of names of signals',
      () => closeOnSignals(producer, { signals: ['SIGKILL'] }),
    ],
  ])('are refused: %s', async (message, call) => {
    const error = await failureOf(call);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(message);
  });
});

describe('arguments', () => {
  it('a source of records that is none', async () => {
    for (const source of [undefined, null, 7, 'text', {}, revoked()]) {
      const error = await failureOf(() => producer.sendAll(source as never));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toMatch(/^sendAll: source (must be an iterable|could not be read)/);
    }
  });

  it('a batch that is none', async () => {
    const endless = new Proxy([record], {
      get: (target, name) => (name === 'length' ? Number.NaN : Reflect.get(target, name)),
    });
    for (const records of [endless, revoked(), { length: 1 } as never]) {
      const error = await failureOf(() => producer.sendBatch(records));
      expect(error).toBeInstanceOf(RecordError);
      expect(error.message).toMatch(/^sendBatch takes an array of records, got /);
    }
  });

  it('a transaction’s work that is none: no transaction is begun', async () => {
    const error = await failureOf(() => transactional.transact(7 as never));
    expect(error.message).toBe('transact: work must be a function, got the number 7');
    const transaction = await transactional.beginTransaction();
    await transaction.abort();
  });

  it('a handle that is none', async () => {
    const handle = producer.share();
    for (const spoilt of [null, {}, { ...handle, client: 'x' }, { ...handle, options: null }, revoked()]) {
      const error = await failureOf(() => Producer.attach(spoilt as never));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toMatch(/^attach/);
    }
  });

  it.each<[call: string, () => unknown]>([
    ['createTopic: topic', () => cluster.createTopic(7 as never)],
    ['createTopic: partitions', () => cluster.createTopic('new', 1e9)],
    ['setLeader: topic', () => cluster.setLeader(null as never, 0, 1)],
    ['setLeader: partition', () => cluster.setLeader(TOPIC, '0' as never, 1)],
    ['setLeader: broker', () => cluster.setLeader(TOPIC, 0, undefined as never)],
    ['setCoordinator: id', () => cluster.setCoordinator('group', 7 as never, 1)],
    ['setTopicError: topic', () => cluster.setTopicError(Symbol() as never, null)],
    ['brokerDown: broker', () => cluster.brokerDown('none' as never)],
    ['brokerUp: broker', () => cluster.brokerUp(2)],
    ['setRoundTripTime: milliseconds', () => cluster.setRoundTripTime(1, Number.NaN)],
  ])('of the embedded cluster: %s', async (name, call) => {
    const error = await failureOf(call);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(`${name} must be `);
  });

  it('a callback for failed records that throws ends its call with what it threw', async () => {
    const onRecordError = thrower;
    expect(await failureOf(() => producer.sendAll([{}] as never, { onRecordError }))).toBe(reason);
    const told = new Promise((resolve) => {
      producer.writable({ onRecordError }).on('error', resolve).end({});
    });
    expect(await told).toBe(reason);
  });

  it('and everything goes on', async () => {
    await producer.send(record);
    expect(producer.metrics()).toMatchObject({ bufferedBytes: 0, outstandingRecords: 0, waitingSends: 0 });
  });
});
