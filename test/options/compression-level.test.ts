// compressionLevel reaches the codec: what is better compressed takes fewer bytes on the wire.
import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { Compression } from '../../src';
import { addon } from '../../src/addon';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

// Words in an order without pattern: how many repetitions are found depends on how thoroughly they are sought.
const WORDS = Array.from({ length: 400 }, (_, n) => ((n * 2654435761) >>> 0).toString(36));
const TEXT = pseudoRandom(60_000)
  .map((n) => WORDS[n % WORDS.length])
  .join(' ');

function pseudoRandom(length: number): number[] {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  });
}

const CASES: [Compression, number, number][] = [
  ['gzip', 1, 9],
  ['lz4', 0, 12],
  ['zstd', 1, 12],
];
// Not every librdkafka is built with zstd.
const CODECS = addon.librdkafkaFeatures.split(',');

describeOnEachCluster('compressionLevel', (cluster) => {
  async function bytesSent(compression: Compression, compressionLevel: number | undefined): Promise<number> {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({
      bootstrapServers: cluster.brokers,
      compression,
      compressionLevel,
      librdkafka: { 'statistics.interval.ms': 50 },
    });
    await producer.send({ topic, value: TEXT.slice(0, 400_000) });
    // The first may be from before it was sent.
    await once(producer, 'statistics');
    const [statistics] = await once(producer, 'statistics');
    const { brokers } = JSON.parse(statistics) as { brokers: Record<string, { txbytes: number }> };
    return Object.values(brokers).reduce((sum, { txbytes }) => sum + txbytes, 0);
  }

  it.each(CASES.filter(([codec]) => CODECS.includes(codec)))(
    'of %s: %i and %i send as many bytes as the codec makes of them',
    async (codec, least, most) => {
      const [fast, thorough] = [await bytesSent(codec, least), await bytesSent(codec, most)];
      expect(fast).toBeGreaterThan(100_000);
      // A text like this one gets no smaller by zstd's higher levels, but other.
      if (codec === 'zstd') expect(Math.abs(thorough - fast)).toBeGreaterThan(fast * 0.01);
      else expect(thorough).toBeLessThan(fast * 0.99);
    },
  );

  it('of gzip: 0 only wraps the bytes, and without one it is the codec’s own', async () => {
    expect(await bytesSent('gzip', 0)).toBeGreaterThan(400_000);
    expect(await bytesSent('gzip', undefined)).toBeLessThan(250_000);
  });
});
