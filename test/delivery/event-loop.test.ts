// However fast records come and go, the rest of the program has its turn.
import { expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

it.each([
  { callers: 1_024, rounds: 60, told: 'together' },
  { callers: 10_000, rounds: 10, told: 'in several turns' },
])(
  'the event loop turns between two deliveries, with $callers callers told $told',
  async ({ callers, rounds }) => {
    const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 4 }] });
    onTestFinished(() => cluster.close());
    const producer = openProducer({ bootstrapServers: cluster.bootstrapServers });
    await producer.send({ topic: 'orders', value: 'v' });

    let turns = 0;
    let longest = 0; // sends settled between two turns
    let settled = 0;
    let settledBefore = 0;
    const turn = () => {
      turns++;
      longest = Math.max(longest, settled - settledBefore);
      settledBefore = settled;
      if (settled < callers * rounds) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(
      Array.from({ length: callers }, async () => {
        for (let i = 0; i < rounds; i++) {
          await producer.send({ topic: 'orders', value: 'v' });
          settled++;
        }
      }),
    );
    expect(settled).toBe(callers * rounds);
    // No caller has two sends settled by one delivery.
    expect(longest).toBeLessThanOrEqual(2 * callers);
    expect(turns).toBeGreaterThanOrEqual(rounds / 2);
  },
);
