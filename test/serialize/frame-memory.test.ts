// Which chunks of memory frames are packed into.
import { expect, it } from 'vitest';
import { type Chunk, FrameMemory } from '../../src/serialize/frame-memory';

const WAVE = 20;
const USUAL_BYTES = new FrameMemory().chunk.bytes.length;

/** Fills so many chunks, each with a frame that stays in flight until the last has been filled. */
function wave(memory: FrameMemory, count: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let i = 0; i < count; i++) {
    memory.reserve(USUAL_BYTES - 64);
    chunks.push(memory.chunk);
    memory.keepUpTo(memory.chunk.bytes.length);
    Atomics.add(references(memory.chunk), 0, 1);
  }
  for (const chunk of chunks) Atomics.sub(references(chunk), 0, 1);
  return chunks;
}

const references = ({ bytes }: Chunk) => new Int32Array(bytes.buffer, 0, 1);

it('chunks of one wave of frames serve the next', () => {
  const memory = new FrameMemory();
  const used = new Set<Chunk>();
  for (let i = 0; i < 10; i++) for (const chunk of wave(memory, WAVE)) used.add(chunk);
  expect(used.size).toBeLessThanOrEqual(WAVE + 1);
});

it('chunks that no wave has needed for long are given up', () => {
  const memory = new FrameMemory();
  const before = new Set(wave(memory, WAVE));
  for (let i = 0; i < 200; i++) wave(memory, 1);
  const kept = wave(memory, WAVE).filter((chunk) => before.has(chunk));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(WAVE / 2);
});

it('a frame larger than a chunk has one of its own', () => {
  const memory = new FrameMemory();
  memory.reserve(USUAL_BYTES * 3);
  expect(memory.chunk.bytes.length).toBeGreaterThan(USUAL_BYTES * 3);
  // The first of the wave finds room behind it.
  const [, ...others] = wave(memory, WAVE);
  expect(others.every((chunk) => chunk.bytes.length === USUAL_BYTES)).toBe(true);
});
