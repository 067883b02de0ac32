// A test that needed a second try is named, with what its first one failed with.
import { expect, it } from 'vitest';
import { secondTries } from './second-tries';

const test = (fullName: string, flaky: boolean, ...messages: string[]) => ({
  fullName,
  diagnostic: () => ({ flaky }),
  result: () => ({ errors: messages.map((message) => ({ message })) }),
});
const file = (relativeModuleId: string, ...tests: ReturnType<typeof test>[]) => ({
  relativeModuleId,
  children: { allTests: () => tests },
});

it('lists each test that passed on a second try only', () => {
  expect(
    secondTries([
      file('a.test.ts', test('sends', false), test('receives', true, 'no leader')),
      file('b.test.ts', test('fails', false, 'wrong offset')),
    ]),
  ).toEqual(['a.test.ts > receives: no leader']);
});
