// The addon's reading of JSON lines against JSON.parse: what it accepts is JSON, with the same key.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addon, LinesEnd } from '../../src/addon';
import { KeyPath } from '../../src/ingest/key-path';

const [memory, handle] = addon.allocateFrameMemory(1 << 20);

/** Key and value as packed, or undefined when the line is left to JavaScript. */
function pack(line: Buffer, path: string): { key: string | null; value: string } | undefined {
  const packer = new addon.NativeLinePacker(
    true,
    path.split('.'),
    1 << 20,
    new Int32Array(0),
    new Uint8Array(0),
  );
  const words = new Int32Array(16);
  const result = new Int32Array(8);
  packer.pack(line, 0, 0, -1, words, 0, new Int32Array(4), 0, handle, 64, 1 << 20, result);
  if (result[0] === LinesEnd.unusual) return undefined;
  expect(result[2]).toBe(1);
  const [, , keyLength, valueLength] = words;
  const bytes = Buffer.from(memory, 64);
  const valueAt = Math.max(keyLength, 0);
  return {
    key: keyLength < 0 ? null : bytes.toString('latin1', 0, keyLength),
    value: bytes.toString('latin1', valueAt, valueAt + valueLength),
  };
}

function expectAsParsed(text: string, path: string): boolean {
  const line = Buffer.from(text);
  const packed = pack(line, path);
  if (packed === undefined) return false;
  expect(packed.value).toBe(line.toString('latin1'));
  expect(packed.key).toBe(new KeyPath(path).keyOf(JSON.parse(text)));
  return true;
}

describe('a JSON line', () => {
  it.each([
    ['{"k":"v"}', 'v'],
    [' { "a" : [ 1 , { "k" : 2 } ] , "k" : "v" } ', 'v'],
    ['{"k":123456789012345}', '123456789012345'],
    ['{"k":-7}', '-7'],
    ['{"k":true}', 'true'],
    ['{"k":null}', null],
    ['{"b":{"k":1}}', null],
    ['[1,"k"]', undefined],
    ['"k"', null],
    ['{"k":""}', ''],
    ['{"x":"\\u00e9\\n","k":"v"}', 'v'],
    ['{"x":"é","k":"v"}', 'v'],
  ])('%s is read without a closer look where that is safe', (text, key) => {
    expect(pack(Buffer.from(text), 'k')?.key).toBe(key);
    if (key !== undefined) expect(expectAsParsed(text, 'k')).toBe(true);
  });

  it.each(
    [
      '{"k":"é"}',
      '{"k":"\\u0061"}',
      '{"\\u006b":1}',
      '{"k":1,"k":2}',
      '{"k":1.0}',
      '{"k":1e2}',
      '{"k":-0}',
      '{"k":1234567890123456}',
      '{"k":{}}',
      '{"k":[]}',
      `${'['.repeat(100)}${']'.repeat(100)}`,
      '',
      ' ',
    ].filter((text) => text !== ''),
  )('%s is left to JavaScript', (text) => {
    expect(pack(Buffer.from(text), 'k')).toBeUndefined();
  });

  const json = fc.json({ maxDepth: 4 });
  const path = fc.constantFrom('k', 'a', 'a.k', 'a.b.c', '');

  it('of any content is read as JSON.parse reads it', () => {
    let read = 0;
    const object = fc.dictionary(
      fc.constantFrom('k', 'a', 'b', 'c', 'é', '"'),
      fc.jsonValue({ maxDepth: 3 }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          object.map((value) => JSON.stringify(value)),
        ),
        path,
        (text, at) => {
          if (expectAsParsed(text, at || 'k')) read++;
        },
      ),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('that was damaged is never taken for JSON when it is none', () => {
    const damage = fc.tuple(
      fc.nat(),
      fc.constantFrom('"', '\\', '{', '}', ',', ':', '0', '-', '.', 'e', '\t', 'u', ''),
    );
    fc.assert(
      fc.property(json, fc.array(damage, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let damaged = text;
        for (const [place, by] of changes) {
          const at = place % (damaged.length + 1);
          damaged = damaged.slice(0, at) + by + damaged.slice(at + 1);
        }
        if (!damaged.includes('\n') && damaged !== '') expectAsParsed(damaged, 'k');
      }),
      { numRuns: 10_000 },
    );
  });
});
