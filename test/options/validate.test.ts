// The constructor refuses what cannot work, and says which option, what was expected and what came.
import { describe, expect, it } from 'vitest';
import { ConfigError, MillraceError, Producer, type ProducerOptions } from '../../src';
import { addon } from '../../src/addon';
import { OPTION_TABLE, type OptionRow } from '../../src/options/option-table';
import { validateOptions } from '../../src/options/validate';
import { openProducer } from '../testing/open-producer';

const REQUIRED = { bootstrapServers: 'localhost:9092' };

function refusal(options: unknown): MillraceError {
  try {
    new Producer(options as ProducerOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({
      code: 'INVALID_CONFIG',
      retriable: false,
      fatal: false,
      name: 'ConfigError',
    });
    return error as MillraceError;
  }
  return expect.unreachable(`accepted ${JSON.stringify(options)}`);
}

const accepts = (options: object) => expect(() => new Producer({ ...REQUIRED, ...options })).not.toThrow();

interface WrongValue {
  value: unknown;
  expectation: string;
  received: string;
}

function wrongValues({ rule }: OptionRow): WrongValue[] {
  switch (rule.kind) {
    case 'integer':
    case 'number': {
      const kind = rule.kind === 'integer' ? 'an integer' : 'a number';
      const expectation = `${kind}${rule.unit && ` (${rule.unit})`} from ${rule.min} to ${rule.max}`;
      const wrong = (value: unknown, received: string) => ({ value, expectation, received });
      return [
        wrong(rule.min - 1, `the number ${rule.min - 1}`),
        wrong(rule.max + 1, `the number ${rule.max + 1}`),
        wrong(String(rule.min), `the string "${rule.min}"`),
        wrong(BigInt(rule.min), `the bigint ${rule.min}`),
        wrong(Number.NaN, 'the number NaN'),
        wrong(Number.POSITIVE_INFINITY, 'the number Infinity'),
        wrong(null, 'null'),
        wrong(true, 'true'),
        ...(rule.kind === 'integer' ? [wrong(rule.min + 0.5, `the number ${rule.min + 0.5}`)] : []),
      ];
    }
    case 'choice': {
      const expectation = `one of ${rule.choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
      return [
        { value: 'ALL', expectation, received: 'the string "ALL"' },
        { value: '1', expectation, received: 'the string "1"' },
        { value: 2, expectation, received: 'the number 2' },
        { value: null, expectation, received: 'null' },
      ];
    }
    case 'boolean':
      return [
        { value: 'true', expectation: 'true or false', received: 'the string "true"' },
        { value: 1, expectation: 'true or false', received: 'the number 1' },
        { value: null, expectation: 'true or false', received: 'null' },
      ];
    case 'string':
      return [
        { value: '', expectation: 'a string that is not empty', received: 'the string ""' },
        { value: 7, expectation: 'a string that is not empty', received: 'the number 7' },
      ];
    case 'servers': {
      const expectation = "'host:port' or a list of them";
      return [
        { value: '', expectation, received: 'the string ""' },
        { value: 'a:1,,b:2', expectation, received: 'the string "a:1,,b:2"' },
        { value: 'a b:1', expectation, received: 'the string "a b:1"' },
        // librdkafka would take the port's last 16 bits: 34463.
        ...['a:99999', 'a:65536', 'a:0', 'a:', 'a:x', ':9092', '[::1]:70000', 'b:1,a:99999'].map((value) => ({
          value,
          expectation,
          received: `the string "${value}"`,
        })),
        { value: [], expectation, received: 'an object (Array)' },
        { value: ['a:1', 2], expectation, received: 'an object (Array)' },
        { value: ['a:1,b:2'], expectation, received: 'an object (Array)' },
        { value: 9092, expectation, received: 'the number 9092' },
        { value: null, expectation, received: 'null' },
      ];
    }
    case 'serializer':
      return [
        { value: () => 'x', expectation: 'serialize', received: 'a function' },
        { value: {}, expectation: 'serialize', received: 'an object (Object)' },
        { value: { serialize: 'no' }, expectation: 'serialize', received: 'an object (Object)' },
        { value: null, expectation: 'serialize', received: 'null' },
      ];
    case 'partitioner': {
      const expectation =
        'one of murmur2, consistent, consistent_random, fnv1a, fnv1a_random, random, a function, or an object or class ' +
        'with a method partition(request)';
      return [
        { value: 'Murmur2', expectation, received: 'the string "Murmur2"' },
        { value: 3, expectation, received: 'the number 3' },
        { value: null, expectation, received: 'null' },
        { value: {}, expectation, received: 'an object (Object)' },
      ];
    }
    case 'topics': {
      const expectation = "an object of topics' names and their options";
      return [
        { value: 'orders', expectation, received: 'the string "orders"' },
        { value: ['orders'], expectation, received: 'an object (Array)' },
        { value: null, expectation, received: 'null' },
      ];
    }
    case 'ssl': {
      const expectation = 'true, false or an object';
      return [
        { value: 'true', expectation, received: 'a string' },
        { value: null, expectation, received: 'null' },
        { value: [], expectation, received: 'an array' },
      ];
    }
    case 'sasl':
      return [
        { value: 'user:password', expectation: 'an object', received: 'a string' },
        { value: null, expectation: 'an object', received: 'null' },
      ];
    case 'properties': {
      const expectation = "an object of librdkafka's property names and their values";
      return [
        { value: 'sasl.password=secret', expectation, received: 'a string' },
        { value: new Map([['debug', 'all']]), expectation, received: 'an object (Map)' },
        { value: ['a'], expectation, received: 'an object (Array)' },
        { value: null, expectation, received: 'null' },
      ];
    }
  }
}

function goodValues({ rule }: OptionRow): unknown[] {
  switch (rule.kind) {
    case 'integer':
      return [rule.min, rule.max];
    case 'number':
      return [rule.min, rule.max, rule.min + 0.5];
    case 'choice':
      return [...rule.choices];
    case 'boolean':
      return [true, false];
    case 'string':
      return ['a', 'ä b'];
    case 'servers':
      return ['a:1', 'a:1, b:2', ['a:1', ' b:2 '], 'PLAINTEXT://a:1', '[::1]:9092', 'a'];
    case 'serializer':
      return [{ serialize: () => null }];
    case 'partitioner':
      return [
        'murmur2',
        'random',
        () => 0,
        { partition: () => 0 },
        class {
          partition() {
            return 0;
          }
        },
      ];
    case 'topics':
      return [
        {},
        { orders: {} },
        { orders: { partitioner: 'random', keySerializer: { serialize: () => null } } },
      ];
    case 'ssl':
      return [true, false, {}, { rejectUnauthorized: false }];
    case 'sasl':
      return [
        { mechanism: 'PLAIN', username: 'u', password: 'p' },
        { mechanism: 'OAUTHBEARER', oauthBearerProvider: async () => ({ value: '', lifetimeMs: 0 }) },
      ];
    case 'properties':
      return [{}, { debug: 'all', 'socket.nagle.disable': true, 'statistics.interval.ms': 5 }];
  }
}

describe('every option', () => {
  const wrong = OPTION_TABLE.flatMap((row) =>
    wrongValues(row).map((value) => ({ name: row.name, ...value })),
  );
  it.each(wrong)('$name is refused when it is $received', ({ name, value, expectation, received }) => {
    const { message } = refusal({ ...REQUIRED, [name]: value });
    expect(message).toContain(`option ${name} must be `);
    expect(message).toContain(expectation);
    expect(message).toContain(`got ${received}`);
  });

  it.each(OPTION_TABLE.map((row) => ({ name: row.name, row })))(
    '$name is accepted in its whole range',
    ({ name, row }) => {
      // What would contradict the extremes.
      const permissive: Record<string, object> = {
        maxInFlightRequests: { enableIdempotence: false },
        compressionLevel: { compression: 'lz4' },
        retryBackoffMs: { retryBackoffMaxMs: 300_000 },
        retryBackoffMaxMs: { retryBackoffMs: 1 },
        reconnectBackoffMs: { reconnectBackoffMaxMs: 3_600_000 },
        reconnectBackoffMaxMs: { reconnectBackoffMs: 0 },
      };
      for (const value of goodValues(row)) {
        if (row.name === 'compression' && value === 'zstd') continue; // not every librdkafka has it
        accepts({ ...permissive[name], [name]: value });
      }
    },
  );

  it.each(OPTION_TABLE.filter(({ name }) => name !== 'bootstrapServers').map(({ name }) => ({ name })))(
    '$name may be undefined',
    ({ name }) => {
      accepts({ [name]: undefined });
    },
  );
});

describe('the options', () => {
  it.each([[undefined], [null], ['localhost:9092'], [42]])('must be an object, not %o', (options) => {
    expect(refusal(options).message).toContain("the producer's options must be an object, got ");
  });

  it('must name the servers', () => {
    expect(refusal({}).message).toContain('option bootstrapServers is required');
    expect(refusal({ clientId: 'c' }).message).toContain('bootstrapServers');
  });

  it.each([
    ['bootstrap.servers', 'bootstrapServers'],
    ['bootstrapservers', 'bootstrapServers'],
    ['linger_ms', 'lingerMs'],
    ['linger.ms', 'lingerMs'],
    ['LingerMS', 'lingerMs'],
    ['buffer-memory', 'bufferMemory'],
    ['delivery.timeout.ms', 'deliveryTimeoutMs'],
  ])('may not be %s, which is meant to be %s', (name, meant) => {
    expect(refusal({ ...REQUIRED, [name]: 1 }).message).toBe(
      `unknown option ${name}: did you mean ${meant}?`,
    );
  });

  it.each([
    ['brokers', 'bootstrapServers'],
    ['max.request.size', 'maxRequestSize'],
    ['message.timeout.ms', 'deliveryTimeoutMs'],
    ['requestTimeout', 'requestTimeoutMs'],
  ])('may not be %s, which is what others call %s', (name, ours) => {
    expect(refusal({ ...REQUIRED, [name]: 1 }).message).toBe(`unknown option ${name}: did you mean ${ours}?`);
  });

  it.each([['compresion'], ['__proto'], ['toString']])('may not be %s, which is like none', (name) => {
    expect(refusal({ ...REQUIRED, [name]: 1 }).message).toMatch(new RegExp(`^unknown option ${name}`));
  });

  it('are read once and left as they are', () => {
    const reads: string[] = [];
    const options = new Proxy(Object.freeze({ ...REQUIRED, acks: 1 as const }), {
      get(target, name, receiver) {
        reads.push(String(name));
        return Reflect.get(target, name, receiver);
      },
    });
    expect(() => new Producer(options)).not.toThrow();
    expect(reads.filter((name) => name === 'acks')).toHaveLength(1);
    expect(reads.filter((name) => name === 'bootstrapServers')).toHaveLength(1);
  });

  it('that others are derived from may have fractions', () => {
    const { deliveryTimeoutMs } = validateOptions({ ...REQUIRED, lingerMs: 0.5, requestTimeoutMs: 120_000 });
    expect(deliveryTimeoutMs).toBe(120_001);
  });

  it('cannot be changed afterwards through the caller’s object', async () => {
    const properties: Record<string, string> = { debug: 'generic' };
    const producer = openProducer({
      bootstrapServers: 'localhost:1',
      connectTimeoutMs: 1,
      librdkafka: properties,
    });
    properties['no.such.property'] = 'x';
    await expect(producer.connect()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });
});

describe('options that contradict each other', () => {
  const contradictions: [object, string][] = [
    [{ enableIdempotence: true, acks: 1 }, "enableIdempotence needs acks 'all', got the number 1"],
    [{ enableIdempotence: true, acks: 0 }, "enableIdempotence needs acks 'all', got the number 0"],
    [{ enableIdempotence: true, retries: 0 }, 'enableIdempotence needs retries above 0'],
    [{ enableIdempotence: true, maxInFlightRequests: 6 }, 'maxInFlightRequests of at most 5, got 6'],
    [
      { deliveryTimeoutMs: 1000, requestTimeoutMs: 900, lingerMs: 101 },
      'deliveryTimeoutMs (1000) must be at least lingerMs + requestTimeoutMs (101 + 900)',
    ],
    [{ deliveryTimeoutMs: 1000, requestTimeoutMs: 1001 }, 'deliveryTimeoutMs (1000) must be at least'],
    [
      { retryBackoffMs: 500, retryBackoffMaxMs: 499 },
      'retryBackoffMs (500) must not exceed retryBackoffMaxMs (499)',
    ],
    [
      { reconnectBackoffMs: 500, reconnectBackoffMaxMs: 499 },
      'reconnectBackoffMs (500) must not exceed reconnectBackoffMaxMs (499)',
    ],
    [{ maxInFlightRequests: 6 }, 'enableIdempotence needs maxInFlightRequests of at most 5, got 6'],
    [{ lingerMs: 1000, deliveryTimeoutMs: 500 }, 'deliveryTimeoutMs'],
    [{ compressionLevel: 1 }, 'compressionLevel needs compression gzip, lz4 or zstd, got the string "none"'],
    [{ compressionLevel: 0, compression: 'snappy' }, 'compressionLevel needs compression gzip, lz4 or zstd'],
    [
      { compressionLevel: 10, compression: 'gzip' },
      'compressionLevel must be from 0 to 9 with compression gzip',
    ],
    [
      { compressionLevel: 0, compression: 'zstd' },
      'compressionLevel must be from 1 to 12 with compression zstd',
    ],
  ];
  it.each(contradictions)('%o are refused', (options, message) => {
    expect(refusal({ ...REQUIRED, ...options }).message).toContain(message);
  });

  it.each([
    [{ acks: 1 }],
    [{ acks: 0 }],
    [{ retries: 0 }],
    [{ maxInFlightRequests: 100, acks: 1 }],
    [{ retryBackoffMs: 1001 }],
    [{ enableIdempotence: false, acks: 0, maxInFlightRequests: 100, retries: 0 }],
    [{ enableIdempotence: true, acks: -1 }],
    [{ deliveryTimeoutMs: 10 }],
    [{ reconnectBackoffMs: 5000 }],
    [{ deliveryTimeoutMs: 1000, requestTimeoutMs: 900, lingerMs: 100 }],
  ])('%o are not: defaults give way', (options) => {
    accepts(options);
  });
});

describe('librdkafka’s own properties', () => {
  it.each([[null], [{}], [1n]])('may not be %o', (value) => {
    expect(refusal({ ...REQUIRED, librdkafka: { debug: value } }).message).toMatch(
      /^librdkafka property debug must be a string, a number or a boolean, got /,
    );
  });

  it('may be left out as undefined', () => {
    accepts({ librdkafka: { debug: undefined } });
  });

  it('may not have a NUL, which would end them, nor may other text', () => {
    expect(refusal({ ...REQUIRED, librdkafka: { 'ssl.ca.location': 'a\0b' } }).message).toBe(
      'librdkafka property "ssl.ca.location" has a NUL in it',
    );
    expect(refusal({ ...REQUIRED, librdkafka: { 'security.protocol\0': 'ssl' } }).message).toContain(
      'has a NUL in it',
    );
    expect(refusal({ bootstrapServers: '[::1\0]:9092' }).message).toContain(
      'option bootstrapServers must be',
    );
    for (const name of ['clientId', 'transactionalId']) {
      expect(refusal({ ...REQUIRED, [name]: 'bank\0-1' }).message).toContain(
        `option ${name} must be a string that is not empty, without NUL`,
      );
    }
    const sasl = { mechanism: 'PLAIN', username: 'me', password: 'pass\0word' };
    expect(refusal({ ...REQUIRED, sasl }).message).toBe(
      'option sasl.password must be a string that is not empty, without NUL',
    );
  });

  it.each(
    OPTION_TABLE.filter(({ property }) => property !== undefined).map(({ name, property }) => ({
      name,
      property,
    })),
  )('$property is refused: the option $name sets it', ({ name, property }) => {
    expect(refusal({ ...REQUIRED, librdkafka: { [property as string]: '1' } }).message).toBe(
      `librdkafka property ${property} is set by the option ${name}: use that`,
    );
  });

  it.each([['queue.buffering.max.messages'], ['queue.buffering.max.kbytes'], ['batch.num.messages']])(
    '%s is refused: it is the producer’s',
    (property) => {
      expect(refusal({ ...REQUIRED, librdkafka: { [property]: 1 } }).message).toContain(
        `librdkafka property ${property} is set by the producer itself`,
      );
    },
  );

  // librdkafka knows several properties by two names.
  it.each([
    ['metadata.broker.list'],
    ['request.required.acks'],
    ['compression.codec'],
    ['queue.buffering.max.ms'],
    ['message.send.max.retries'],
    ['message.timeout.ms'],
    ['max.in.flight'],
  ])('%s is refused: it is an option’s under another name', (property) => {
    expect(refusal({ ...REQUIRED, librdkafka: { [property]: '1' } }).message).toContain(
      `librdkafka property ${property}`,
    );
  });

  it.each([
    [{ 'no.such.property': 'x' }, /No such configuration property/],
    [{ 'socket.timeout.ms': 'soon' }, /socket\.timeout\.ms/],
    [{ 'socket.timeout.ms': -5 }, /socket\.timeout\.ms/],
  ])('%o are refused when the producer is opened', async (librdkafka, message) => {
    const producer = openProducer({ ...REQUIRED, librdkafka: librdkafka as Record<string, string> });
    for (const attempt of [producer.connect(), producer.send({ topic: 't' }), producer.sendBatch([])]) {
      const error = await attempt.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringMatching(message) });
    }
  });

  it('that ask for what librdkafka was built without are refused with the remedy', () => {
    const features = addon.librdkafkaFeatures;
    try {
      addon.librdkafkaFeatures = 'gzip,snappy';
      expect(refusal({ ...REQUIRED, compression: 'zstd' }).message).toMatch(/zstd.*libzstd-dev.*npm rebuild/);
      expect(refusal({ ...REQUIRED, librdkafka: { 'security.protocol': 'SASL_SSL' } }).message).toMatch(
        /libssl-dev/,
      );
      expect(refusal({ ...REQUIRED, librdkafka: { 'sasl.mechanism': 'GSSAPI' } }).message).toMatch(
        /libsasl2-dev/,
      );
    } finally {
      addon.librdkafkaFeatures = features;
    }
  });
});

it.each([
  'h',
  'h:1',
  'broker-1.example.com:65535',
  '127.0.0.1:9092',
  '::1',
  'fe80::1',
  '[::1]',
  '[::1]:9092',
  'PLAINTEXT://h:9092',
  'plaintext://h',
  'a:1, b:2',
])('bootstrapServers may be %s', (bootstrapServers) => {
  expect(() => new Producer({ bootstrapServers })).not.toThrow();
});

describe('bootstrapServers with a scheme', () => {
  const ssl = { bootstrapServers: 'a:1, SSL://b:2' };
  it('must have that of the connections', () => {
    expect(refusal(ssl).message).toBe(
      'bootstrapServers has a server with SSL://, but connections use plaintext: see the options ssl and sasl',
    );
    expect(refusal({ bootstrapServers: 'http://a:1' }).message).toContain('http://');
    expect(refusal({ bootstrapServers: 'PLAINTEXT://a:1', ssl: true }).message).toContain(
      'connections use ssl',
    );
  });

  it('are taken when it is', () => {
    for (const options of [
      { ...ssl, ssl: true },
      { ...ssl, librdkafka: { 'security.protocol': 'SSL' } },
      { bootstrapServers: 'sasl_ssl://a:1', sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } },
    ]) {
      expect(() => new Producer(options as never)).not.toThrow();
    }
  });

  it('are the owner’s matter: threads attach all the same', async () => {
    const owner = openProducer({ ...ssl, ssl: true });
    const attached = Producer.attach(owner.share());
    await attached.close();
  });

  it('are not quoted with a password', () => {
    for (const server of [
      'sasl_ssl://user:hidden@host:9092',
      'user:hidden@host:9092',
      'ssl://u:hid"den@h:1',
    ]) {
      const { message } = refusal({ bootstrapServers: server });
      expect(message).toContain('option bootstrapServers must be');
      expect(message).not.toMatch(/hid"?den/);
    }
  });
});

it.each(['topics', 'ssl', 'sasl'])('%s may not be a Map, which has no properties', (name) => {
  expect(refusal({ ...REQUIRED, [name]: new Map([['orders', {}]]) }).message).toContain(
    `option ${name} must be `,
  );
});
