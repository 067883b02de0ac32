// However fast records come and go, the rest of the program has its turn.
import { expect, it, onTestFinished } from 'vitest';
import { EmbeddedCluster } from '../../src/testing';
import { openProducer } from '../testing/open-producer';

const CALLERS = 1_024;
const ROUNDS = 60;

it('the event loop turns between two deliveries', async () => {
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
    if (settled < CALLERS * ROUNDS) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (let i = 0; i < ROUNDS; i++) {
        await producer.send({ topic: 'orders', value: 'v' });
        settled++;
      }
    }),
  );
  expect(settled).toBe(CALLERS * ROUNDS);
  // No caller has two sends settled by one delivery.
  expect(longest).toBeLessThanOrEqual(2 * CALLERS);
  expect(turns).toBeGreaterThanOrEqual(ROUNDS / 2);
});
