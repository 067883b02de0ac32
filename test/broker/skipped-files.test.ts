// A skip is announced: where, and what for.
import { expect, it } from 'vitest';
import { skippedFiles, skippedName } from './skipped-files';

const file = (relativeModuleId: string, names: string[]) => ({
  relativeModuleId,
  children: { allSuites: () => names.map((name) => ({ name })) },
});

it('lists each file that has something skipped, with the reasons', () => {
  const kafka = skippedName('a broker', 'needs a real Kafka');
  expect(
    skippedFiles([
      file('a.test.ts', ['a producer', kafka, kafka]),
      file('b.test.ts', ['a producer']),
      file('c.test.ts', [kafka, skippedName('a restart', 'needs Java and Maven')]),
    ]),
  ).toEqual(['a.test.ts: needs a real Kafka', 'c.test.ts: needs a real Kafka; needs Java and Maven']);
});
