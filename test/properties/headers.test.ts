// Whatever headers a record has, in either form, arrive: names, values, nulls, repetitions, and their order.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headers, type HeaderValue, Producer } from '../../src';
import { EmbeddedCluster } from '../../src/testing';
import { readBack } from '../broker/read-back';
import { asReadBack, comparable } from '../testing/expected-records';
import { readHeadersInOrder } from './read-headers';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const value: fc.Arbitrary<HeaderValue> = fc.oneof(
  text,
  fc.uint8Array({ maxLength: 20 }),
  fc.constant(null),
  fc.constant(undefined),
);
// Few names, so that they repeat. The readers keep them in plain objects, which cannot hold '__proto__' and its like.
const name = fc.oneof(text, fc.constantFrom('a', 'b', '7')).filter((one) => !(one in Object.prototype));
const pairs: fc.Arbitrary<[string, HeaderValue][]> = fc.array(fc.tuple(name, value), { maxLength: 8 });
const object = fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 3 })), { maxKeys: 6 });
const headers: fc.Arbitrary<Headers | undefined> = fc.oneof(pairs, object, fc.constant(undefined));

describe('headers', () => {
  let cluster: EmbeddedCluster;
  let producer: Producer;
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start();
    producer = new Producer({ bootstrapServers: cluster.bootstrapServers });
  });
  afterAll(async () => {
    await producer.close({ timeoutMs: 0 });
    await cluster.close();
  });
  let topics = 0;
  const newTopic = () => {
    const topic = `headers-${topics++}`;
    cluster.createTopic(topic, 1);
    return topic;
  };

  it('of any shape arrive with all their values, nulls among them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(headers, { minLength: 20, maxLength: 60 }), async (shapes) => {
        const topic = newTopic();
        const records = shapes.map((shape) => ({ topic, value: 'v', headers: shape }));
        const sent = await Promise.all(records.map((record) => producer.send(record)));
        const expected = records.map((record, n) => comparable(asReadBack(record, sent[n]), false));
        const read = await readBack(cluster.bootstrapServers, topic);
        expect(read.map((record) => comparable(record, false))).toEqual(expected);
      }),
      { numRuns: 8 },
    );
  });

  it('given as pairs keep their order, also where names repeat', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pairs, { minLength: 20, maxLength: 60 }), async (shapes) => {
        const topic = newTopic();
        await producer.sendBatch(shapes.map((shape) => ({ topic, value: 'v', headers: shape })));
        const bytes = (one: HeaderValue) =>
          one === null || one === undefined ? '' : Buffer.from(one).toString('hex');
        expect(await readHeadersInOrder(cluster.bootstrapServers, topic, shapes.length)).toEqual(
          shapes.map((shape) => shape.map(([name, one]) => [Buffer.from(name).toString(), bytes(one)])),
        );
      }),
      { numRuns: 4 },
    );
  });
});
