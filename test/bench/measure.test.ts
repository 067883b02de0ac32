// The loop that drives every Node client, with a client that acknowledges at once.
import { expect, it } from 'vitest';
import { measure } from '../../bench/measure';
import type { TrialSpec } from '../../bench/trial';
import { workloads } from '../../bench/workloads';

const workload = { ...workloads.find(({ name }) => name === 'batch-100')!, callsInFlight: 2 };

async function sent(given: Partial<TrialSpec>): Promise<{ calls: number; records: number }> {
  let calls = 0;
  const client = {
    versions: {},
    async sendBatch() {
      // Lets the clock go on.
      await new Promise(setImmediate);
      calls++;
    },
    async close() {},
  };
  const { records, recordsSent } = await measure(client, {
    contender: 'fake',
    workload,
    brokers: '',
    realKafka: false,
    topic: 'bench',
    warmupSeconds: 0.01,
    seconds: 0.3,
    lingerMs: 0,
    batchBytes: 1,
    bufferBytes: 1,
    ...given,
  });
  expect(recordsSent).toBe(calls * workload.recordsPerCall);
  return { calls, records };
}

it('goes as fast as the client acknowledges', async () => {
  expect((await sent({ records: 500_000 })).records).toBe(500_000);
});

it('begins no call before its turn where there is a pace', async () => {
  const { records } = await sent({ recordsPerSecond: 100_000 });
  expect(records).toBeGreaterThan(0);
  // 30 calls, where the clock is read on time; without a pace it would be hundreds.
  expect(records).toBeLessThan(100_000);
});
