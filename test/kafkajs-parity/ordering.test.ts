// The order of messages under concurrency.
import { expect, it } from 'vitest';
import { describeParity } from './libraries';

describeParity('ordering', ({ library, topic, connected, read }) => {
  /** Per key, the numbers in the order of the log. */
  const byKey = async (name: string) => {
    const sequences: Record<string, number[]> = {};
    for (const { key, value } of await read(name)) {
      sequences[String(key)] ??= [];
      sequences[String(key)].push(Number(value));
    }
    return sequences;
  };
  const keys = Array.from({ length: 10 }, (_, i) => `key-${i}`);
  const upTo = (count: number) => Object.fromEntries(keys.map((key) => [key, [...Array(count).keys()]]));

  it.each([
    ['as it is', {}],
    ['idempotent', { idempotent: true }],
    ['one request at a time', { maxInFlightRequests: 1 }],
  ])('is kept for each key by 50 concurrent sends: %s', async (_, config) => {
    const name = await topic({ partitions: 3 });
    const producer = await connected(config);
    // The topic is known, so that none of the fifty waits for it.
    await producer.send({ topic: name, messages: [] });
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        producer.send({ topic: name, messages: [{ key: keys[i % 10], value: `${Math.floor(i / 10)}` }] }),
      ),
    );
    expect(await byKey(name)).toEqual(upTo(5));
  });

  it('is kept for each key within calls of many messages', async () => {
    const name = await topic({ partitions: 4 });
    const producer = await connected({ idempotent: true });
    const messages = Array.from({ length: 2000 }, (_, i) => ({
      key: keys[i % 10],
      value: `${Math.floor(i / 10)}`,
    }));
    for (let i = 0; i < messages.length; i += 500) {
      await producer.send({ topic: name, messages: messages.slice(i, i + 500) });
    }
    expect(await byKey(name)).toEqual(upTo(200));
  });

  it('is kept between a send and a batch that follows', async () => {
    const [one, other] = await Promise.all([topic(), topic()]);
    const producer = await connected({ maxInFlightRequests: 1 });
    const topicMessages = [one, other].map((name) => ({ topic: name, messages: [{ key: 'k', value: '1' }] }));
    await Promise.all([
      producer.send({ topic: one, messages: [{ key: 'k', value: '0' }] }),
      producer.send({ topic: other, messages: [{ key: 'k', value: '0' }] }),
      producer.sendBatch({ topicMessages }),
    ]);
    expect(await byKey(one)).toEqual({ k: [0, 1] });
    expect(await byKey(other)).toEqual({ k: [0, 1] });
  });

  it('loses and doubles nothing in a mix of calls', async () => {
    const name = await topic({ partitions: 3 });
    const producer = await connected();
    const { GZIP, None } = library.CompressionTypes;
    const calls = Array.from({ length: 60 }, (_, i) => {
      const messages = Array.from({ length: 1 + (i % 7) }, (_, j) => ({ value: `${i}/${j}` }));
      const [acks, compression] = [i % 3 === 0 ? 1 : -1, i % 5 === 0 ? GZIP : None];
      return { messages, call: producer.send({ topic: name, acks, compression, messages }) };
    });
    for (const { messages, call } of calls) {
      const results = await call;
      expect(results.length).toBeGreaterThan(0);
      expect(results.length).toBeLessThanOrEqual(messages.length);
    }
    const stored = (await read(name)).map(({ value }) => String(value));
    expect(stored.sort()).toEqual(calls.flatMap(({ messages }) => messages.map(({ value }) => value)).sort());
  });
});
