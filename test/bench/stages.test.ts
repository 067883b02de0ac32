// Every stage that is measured alone does what it says: a stage that does nothing would be the fastest.
import { describe, expect, it } from 'vitest';
import { murmur2 as javascript } from '../../bench/stages/javascript-murmur2';
import { murmur2Stages } from '../../bench/stages/murmur2';
import { packingStages } from '../../bench/stages/packing';
import { deliveryStages, submitStages } from '../../bench/stages/sending';
import { serializerStages } from '../../bench/stages/serializers';
import { murmur2 } from '../../src';
import vectors from '../partition/murmur2-vectors.json';

// Each checks its own work, and throws.
describe.each([...murmur2Stages(), ...packingStages(), ...serializerStages(), ...deliveryStages()])(
  '$group: $name',
  ({ run, records }) => {
    it('runs, and again', async () => {
      expect(records).toBe(1000);
      await run();
      await run();
    });
  },
);

it('sends are timed until they return, not until they are delivered', { timeout: 60_000 }, async () => {
  const { stages, close } = await submitStages();
  try {
    for (const { run } of stages) {
      const start = performance.now();
      const counted = await run();
      expect(counted).toBeGreaterThan(0);
      expect(counted).toBeLessThan(performance.now() - start);
    }
  } finally {
    await close();
  }
});

it('the JavaScript murmur2, which read-back relies on, is the Java client’s', () => {
  for (const [hex, hash] of vectors.vectors as [string, number, number[]][]) {
    const key = Buffer.from(hex, 'hex');
    expect([hex, javascript(key), murmur2(key)]).toEqual([hex, hash, hash]);
  }
});
