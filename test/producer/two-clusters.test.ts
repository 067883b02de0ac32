// Producers of different clusters in one process never mix.
import { expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { endOffsets } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

it('each cluster gets its own producer’s records, and no others', async () => {
  const clusters = await Promise.all(
    [1, 2].map(() => EmbeddedCluster.start({ topics: [{ topic: 'same-name', partitions: 1 }] })),
  );
  onTestFinished(async () => {
    await Promise.all(clusters.map((cluster) => cluster.close()));
  });
  const producers = clusters.map(({ bootstrapServers }) => openProducer({ bootstrapServers }));
  await Promise.all(
    producers.flatMap((producer, i) =>
      Array.from({ length: 200 * (i + 1) }, () =>
        producer.send({ topic: 'same-name', value: `cluster ${i}` }),
      ),
    ),
  );
  expect(await endOffsets(clusters[0].bootstrapServers, 'same-name')).toEqual([200n]);
  expect(await endOffsets(clusters[1].bootstrapServers, 'same-name')).toEqual([400n]);
});
