// The end of a process or of a worker thread with records in flight: no crash, no hang. `npm run test:life` does it
// a thousand times.
import { describe, expect, it } from 'vitest';
import { endProcess, WAYS } from './exits';

const ROUNDS = 5;

describe('with records in flight', () => {
  it.each(Object.entries(WAYS))(
    'a process ends by %s as any process does',
    async (way, ending) => {
      for (let round = 0; round < ROUNDS; round++) expect(await endProcess(way)).toEqual(ending);
    },
    120_000,
  );
});
