// Lines must come out the same wherever the chunks happen to end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCursor, LineSplitter, runsOfLines } from '../../src/ingest/line-splitter';

const NEWLINE = 10;

async function linesOf(chunks: Buffer[]): Promise<Buffer[]> {
  async function* source() {
    yield* chunks;
  }
  const lines: Buffer[] = [];
  for await (const run of runsOfLines(source())) {
    for (const cursor = new LineCursor(run); cursor.advance(); ) lines.push(cursor.line());
  }
  return lines;
}

/** What the splitter should find, said in the plainest way. */
function expectedLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    lines.push(line.at(-1) === 13 ? line.subarray(0, -1) : line);
    start = end + 1;
  }
  return lines;
}

function cutAt(bytes: Buffer, positions: number[]): Buffer[] {
  const ends = [...new Set([...positions, bytes.length])].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

describe('runsOfLines', () => {
  const text = Buffer.from('first\r\n\nthird é\r\n\r\nfifth\rstill fifth\nlast');

  it('finds the same lines with a chunk border at any position', async () => {
    const whole = await linesOf([text]);
    expect(whole.map(String)).toEqual(['first', '', 'third é', '', 'fifth\rstill fifth', 'last']);
    for (let border = 0; border <= text.length; border++) {
      expect(await linesOf(cutAt(text, [border]))).toEqual(whole);
    }
  });

  it('finds the same lines byte by byte', async () => {
    expect(await linesOf(cutAt(text, [...text.keys()]))).toEqual(expectedLines(text));
  });

  it('keeps every byte of any input, however it is cut', async () => {
    const byte = fc.oneof(fc.constantFrom(10, 13, 0, 255), fc.nat(255));
    const input = fc.array(byte, { maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(input, fc.array(fc.nat(200), { maxLength: 20 }), async (bytes, borders) => {
        const chunks = cutAt(
          bytes,
          borders.filter((border) => border < bytes.length),
        );
        expect(await linesOf(chunks)).toEqual(expectedLines(bytes));
      }),
    );
  });

  it('finds nothing in nothing, and no line after a last newline', async () => {
    expect(await linesOf([])).toEqual([]);
    expect(await linesOf([Buffer.from('a\n')])).toEqual([Buffer.from('a')]);
    expect(await linesOf([Buffer.from('\n')])).toEqual([Buffer.from('')]);
  });

  it('strips one carriage return only, and only before the newline or the end', async () => {
    expect((await linesOf([Buffer.from('a\r\r\n\rb\nc\r')])).map(String)).toEqual(['a\r', '\rb', 'c']);
  });
});

describe('LineSplitter', () => {
  it('refuses to gather a line without end', () => {
    const splitter = new LineSplitter(10);
    expect(splitter.push(Buffer.from('12345678\n90'))?.toString()).toBe('12345678\n');
    expect(splitter.push(Buffer.from('12345678'))).toBeNull();
    expect(() => splitter.push(Buffer.from('1'))).toThrow(
      'A line is longer than 10 bytes: is this a text file?',
    );
  });
});
