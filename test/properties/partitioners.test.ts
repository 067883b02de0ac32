// Each partitioner does what its definition says, whatever the keys: held against hashes written anew here, and against
// librdkafka's rules for records without key and with an empty one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BytesLike, PartitionerName, ProducerRecord } from '../../src';
import { embeddedCluster } from './embedded';
import { crc32, fnv1a, positiveMurmur2 } from './reference-hashes';

const ANYWHERE = 'anywhere';
const EMPTY = new Uint8Array(0);
type Place = number | typeof ANYWHERE;

/** Where a key belongs; null: there is no key. */
const PLACES: Record<PartitionerName, (key: Uint8Array | null, count: number) => Place> = {
  murmur2: (key, count) => (key === null ? ANYWHERE : positiveMurmur2(key) % count),
  consistent: (key, count) => crc32(key ?? EMPTY) % count,
  consistent_random: (key, count) => (key === null || key.length === 0 ? ANYWHERE : crc32(key) % count),
  fnv1a: (key, count) => fnv1a(key ?? EMPTY) % count,
  fnv1a_random: (key, count) => (key === null ? ANYWHERE : fnv1a(key) % count),
  random: () => ANYWHERE,
};
const NAMES = Object.keys(PLACES) as PartitionerName[];

const key: fc.Arbitrary<BytesLike> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom<BytesLike>('', EMPTY, null, undefined),
);
const bytesOf = (one: BytesLike) =>
  one === null || one === undefined ? null : new Uint8Array(Buffer.from(one));

describe('the hashes to compare with', () => {
  it('are those of their published test vectors', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(fnv1a(Buffer.from('kafka'))).toBe(0xd33c4e1);
    expect(positiveMurmur2(Buffer.from('21'))).toBe(-973932308 & 0x7fffffff);
  });
});

describe('a partitioner', () => {
  const cluster = embeddedCluster();

  it.each(NAMES)(
    '%s puts every key where its definition says, in batches and in single sends',
    async (partitioner) => {
      const keys = fc.array(key, { minLength: 1, maxLength: 200 });
      await cluster.withProducer({ partitioner }, (producer) =>
        fc.assert(
          fc.asyncProperty(keys, fc.integer({ min: 1, max: 40 }), async (some, count) => {
            const topic = cluster.newTopic(count);
            const records: ProducerRecord[] = some.map((one) => ({ topic, key: one, value: 'v' }));
            const { partitions } = await producer.sendBatch(records);
            const singly = await Promise.all(records.slice(0, 20).map((record) => producer.send(record)));
            const found = [...partitions, ...singly.map(({ partition }) => partition)];
            for (const [n, partition] of found.entries()) {
              const place = PLACES[partitioner](bytesOf(some[n < some.length ? n : n - some.length]), count);
              if (place === ANYWHERE) expect(partition >= 0 && partition < count).toBe(true);
              else expect(partition).toBe(place);
            }
          }),
          { numRuns: 12 },
        ),
      );
    },
  );

  it('spreads records without key evenly: counts differ by one at most, however they are sent', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 12 }), fc.boolean(), async (calls, count, singly) => {
        const topic = cluster.newTopic(count);
        const found = await cluster.withProducer({}, async (producer) => {
          const answers = calls.map(async (size, n) => {
            const records = Array.from({ length: size }, () => ({ topic, value: 'v' }));
            if (singly === (n % 2 === 0)) return [...(await producer.sendBatch(records)).partitions];
            return (await Promise.all(records.map((one) => producer.send(one)))).map(
              ({ partition }) => partition,
            );
          });
          return (await Promise.all(answers)).flat();
        });
        const loads = Array.from(
          { length: count },
          (_, n) => found.filter((partition) => partition === n).length,
        );
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 15 },
    );
  });

  it('that is sticky keeps a small batch without keys together', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 12 }),
        async (size, count) => {
          const topic = cluster.newTopic(count);
          await cluster.withProducer({ keylessPartitioning: 'sticky' }, async (producer) => {
            const batch = Array.from({ length: size }, () => ({ topic, value: 'small' }));
            expect(new Set((await producer.sendBatch(batch)).partitions).size).toBe(1);
          });
        },
      ),
      { numRuns: 8 },
    );
  });

  it('of one’s own has its answer taken, or its one record refused', async () => {
    const COUNT = 5;
    const answer = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 0, max: COUNT - 1 }) },
      fc.constantFrom<unknown>(-1, COUNT, 2 ** 31, Number.NaN, 1.5, '1', null, undefined, 1n),
      fc.constant(new Error('none of my business')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 60 }), async (answers) => {
        const topic = cluster.newTopic(COUNT);
        const partition = ({ value }: { value: unknown }) => {
          const given = answers[Number(value)];
          if (given instanceof Error) throw given;
          return given as number;
        };
        await cluster.withProducer({ partitioner: { partition } }, async (producer) => {
          const sends = answers.map((_, n) => producer.send({ topic, value: String(n) }));
          for (const [n, outcome] of (await Promise.allSettled(sends)).entries()) {
            const given = answers[n];
            const good = Number.isInteger(given) && (given as number) >= 0 && (given as number) < COUNT;
            if (good) expect(outcome).toMatchObject({ status: 'fulfilled', value: { partition: given } });
            else expect(outcome).toMatchObject({ reason: { code: 'PARTITIONER_FAILED', persisted: 'no' } });
            if (given instanceof Error) expect(outcome).toMatchObject({ reason: { cause: given } });
          }
        });
      }),
      { numRuns: 10 },
    );
  });
});
