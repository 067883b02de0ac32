// What package.json says twice.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('says where types are to TypeScript’s older resolution, too, which does not read exports', () => {
  const { exports, typesVersions } = JSON.parse(readFileSync('package.json', 'utf8'));
  const subpaths = Object.entries<{ types?: string }>(exports).filter(
    ([path, { types }]) => path !== '.' && types !== undefined,
  );
  expect(subpaths.length).toBeGreaterThan(3);
  expect(typesVersions['*']).toEqual(
    Object.fromEntries(subpaths.map(([path, { types }]) => [path.slice(2), [types?.slice(2)]])),
  );
});
