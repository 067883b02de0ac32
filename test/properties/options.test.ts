// Any options that the table allows and that do not contradict each other open a producer; any that do not are refused
// by name. The table itself says what to try.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, Producer, type ProducerOptions } from '../../src';
import { addon } from '../../src/addon';
import { OPTION_TABLE, type OptionRow } from '../../src/options/option-table';
import { PARTITIONER_NAMES, type Partitioner } from '../../src/partition/partitioner';
import { EmbeddedCluster } from '../../src/testing';

type Said = Record<string, unknown>;

const partitioner = fc.constantFrom<Partitioner>(...PARTITIONER_NAMES, () => 0, { partition: () => 0 });

/** Values the rule allows: its ends, its middle, anything between. Undefined where nothing general can be said. */
function allowed({ name, rule }: OptionRow): fc.Arbitrary<unknown> | undefined {
  switch (rule.kind) {
    case 'integer':
      return fc.oneof(fc.integer({ min: rule.min, max: rule.max }), fc.constantFrom(rule.min, rule.max));
    case 'number':
      return fc.oneof(
        fc.double({ min: rule.min, max: rule.max, noNaN: true }),
        fc.constantFrom(rule.min, rule.max),
      );
    case 'choice':
      return fc.constantFrom(...rule.choices.filter(isBuilt));
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    case 'serializer':
      return fc.constant({ serialize: () => 'x' });
    case 'partitioner':
      return partitioner;
    case 'topics':
      return fc.dictionary(
        fc.stringMatching(/^[a-z]{1,9}$/),
        fc.record(
          { partitioner, keylessPartitioning: fc.constantFrom('round-robin', 'sticky') },
          { requiredKeys: [] },
        ),
        { maxKeys: 3 },
      );
    default:
      return name === 'librdkafka' ? fc.constant({ 'socket.keepalive.enable': true }) : undefined;
  }
}

/** Not every librdkafka is built with zstd. */
const isBuilt = (choice: unknown) =>
  choice !== 'zstd' || addon.librdkafkaFeatures.split(',').includes('zstd');

// Waiting for hours is none of this test's business.
const ROWS = OPTION_TABLE.filter(({ name }) => name !== 'connectTimeoutMs').flatMap((row) => {
  const values = allowed(row);
  return values === undefined ? [] : [{ name: row.name as string, values }];
});

// A few at a time: all at once would nearly always contradict each other.
const someOptions: fc.Arbitrary<Said> = fc
  .subarray(ROWS, { maxLength: 3 })
  .chain((rows) => fc.record(Object.fromEntries(rows.map(({ name, values }) => [name, values]))));

describe('options', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start();
  });
  afterAll(() => cluster.close());
  const complete = (said: Said) =>
    ({ bootstrapServers: cluster.bootstrapServers, ...said }) as ProducerOptions;

  it('within their rules either open a producer, or are refused with the names of those that contradict', async () => {
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(someOptions, async (said) => {
        let producer: Producer;
        try {
          producer = new Producer(complete({ connectTimeoutMs: 300, ...said }));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          // What was said, not a default, is to blame.
          const blamed = Object.keys(said).filter((name) => (error as ConfigError).message.includes(name));
          expect(blamed, (error as ConfigError).message).not.toEqual([]);
          return;
        }
        // Opening hands the options to librdkafka, which would refuse them here. Extreme timeouts may let no answer in.
        const refusal = await producer
          .connect()
          .catch((error: unknown) => (error instanceof ConfigError ? error : undefined));
        await producer.close({ timeoutMs: 0 });
        expect(refusal).toBeUndefined();
        opened++;
      }),
      { numRuns: 60 },
    );
    expect(opened).toBeGreaterThan(30);
  });

  it('that are moderate deliver a record', async () => {
    const moderate = fc.record(
      {
        acks: fc.constantFrom('all', -1),
        compression: fc.constantFrom(...['none', 'gzip', 'snappy', 'lz4', 'zstd'].filter(isBuilt)),
        enableIdempotence: fc.boolean(),
        retries: fc.integer({ min: 1, max: 10 }),
        maxInFlightRequests: fc.integer({ min: 1, max: 5 }),
        retryBackoffMs: fc.integer({ min: 1, max: 300 }),
        lingerMs: fc.double({ min: 0, max: 20, noNaN: true }),
        batchSize: fc.integer({ min: 1, max: 1_000_000 }),
        maxRequestSize: fc.integer({ min: 1000, max: 1_000_000 }),
        bufferMemory: fc.integer({ min: 4096, max: 1_000_000 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(moderate, fc.integer({ min: 1, max: 60 }), async (said, count) => {
        const producer = new Producer(complete(said));
        try {
          const { deliveredCount } = await producer.sendBatch(
            Array.from({ length: count }, (_, n) => ({
              topic: 'moderate',
              key: `${n}`,
              value: 'x'.repeat(n * 5),
            })),
          );
          expect(deliveredCount).toBe(count);
        } finally {
          await producer.close({ timeoutMs: 0 });
        }
      }),
      { numRuns: 15 },
    );
  });

  it('outside their rules are refused by name, whatever else is said', () => {
    const wrong = fc.constantFrom(...OPTION_TABLE).chain(({ name, rule }) => {
      const values = [
        fc.constantFrom<unknown>(null, Number.NaN, Symbol('s'), 10n, ''),
        ...(rule.kind === 'boolean' ? [fc.string()] : [fc.constant(Number.NEGATIVE_INFINITY)]),
        ...('min' in rule ? [fc.integer({ max: rule.min - 1 }), fc.constant(rule.max + 1)] : []),
        ...(rule.kind === 'choice' ? [fc.string().filter((text) => !rule.choices.includes(text))] : []),
      ];
      return fc.tuple(fc.constant(name), fc.oneof(...values));
    });
    fc.assert(
      fc.property(someOptions, wrong, (said, [name, value]) => {
        // The table's earlier rows may not be refused first.
        const { [name]: _, ...others } = said;
        let message = '';
        try {
          new Producer(complete({ ...others, [name]: value }));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          message = (error as ConfigError).message;
        }
        expect(message).toContain(`option ${name}`);
      }),
      { numRuns: 300 },
    );
  });
});
