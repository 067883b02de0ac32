// Who gets memory, in which order: topics by themselves, and all of them together.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferMemory, type Waiter } from '../../src/buffer/buffer-memory';

const FAR_MS = 60_000;
const [A, B] = [1, 2];

/** A memory of which one topic may hold half of what the others leave, and what was given to whom. */
function halves(capacity: number) {
  const memory = new BufferMemory(capacity, FAR_MS, 0.5);
  const given: string[] = [];
  const ask = (name: string, topicId: number, bytes: number): Waiter | undefined => {
    if (memory.tryTake(topicId, bytes)) {
      given.push(name);
      return undefined;
    }
    const waiter: Waiter = {
      topicId,
      wanted: bytes,
      resume: () => {
        if (!memory.tryTake(topicId, bytes, waiter)) return false;
        given.push(name);
        return true;
      },
      expire: (reason) => void given.push(`${name} ${reason}`),
    };
    memory.wait(waiter);
    return waiter;
  };
  const giveBack = (topicId: number, bytes: number) => memory.release([topicId], [bytes]);
  const fail = (topicId: number, bytes: number) => memory.release([topicId], [bytes], [true]);
  /** Takes byte by byte as much as a topic may have. */
  const fill = (topicId: number) => {
    while (memory.tryTake(topicId, 1));
    return memory.usedBy(topicId);
  };
  return { memory, given, ask, giveBack, fail, fill };
}

describe('the buffer', () => {
  it.each([true, false])('loses nobody when a waiter is taken out within its turn (done: %s)', (done) => {
    const { memory, given, ask, giveBack } = halves(1_000);
    memory.take(A, 1_000);
    const leaving: Waiter = {
      topicId: A,
      wanted: 100,
      resume: () => {
        memory.forget(leaving);
        return done;
      },
      expire: () => {},
    };
    memory.wait(leaving);
    ask('second', A, 100);
    ask('third', A, 100);
    giveBack(A, 1_000);
    expect(given).toEqual(['second', 'third']);
    expect(memory.waiting).toBe(0);
  });

  it('takes out whoever gives up, wherever it stands, and serves the others in order', () => {
    const { memory, given, ask, giveBack } = halves(10_000);
    memory.take(A, 10_000);
    const waiters = Array.from({ length: 5_000 }, (_, i) => ask(`${i}`, A, 1) as Waiter);
    const stays = (_: unknown, i: number) => i % 7 === 3;
    for (const waiter of waiters.filter((_, i) => !stays(_, i))) memory.forget(waiter);
    expect(memory.waiting).toBe(waiters.filter(stays).length);
    giveBack(A, 10_000);
    expect(given).toEqual([...waiters.keys()].filter((i) => stays(undefined, i)).map(String));
  });

  it('gives the only topic half at first, and as much more as has been acknowledged', () => {
    const { memory, fill, giveBack } = halves(1_000);
    expect(fill(A)).toBe(500);
    giveBack(A, 100);
    expect(fill(A)).toBe(600);
    giveBack(A, 600 - 1);
    expect(fill(A)).toBe(875);
    expect([memory.limitOf(A), memory.roomFor(A)]).toEqual([875, 0]);
  });

  it('has room for a first record of another topic, whatever the only one did before it was stuck', () => {
    const { memory, fill, giveBack } = halves(1_000);
    while (memory.usedBy(A) < 875) {
      fill(A);
      giveBack(A, 300);
      fill(A);
    }
    expect(memory.tryTake(B, 62)).toBe(true);
    giveBack(B, 61);
    expect(memory.tryTake(B, 100)).toBe(true);
    expect(memory.tryTake(A, 1)).toBe(false);
  });

  it('leaves a topic that fails its half only', () => {
    const { fill, giveBack, fail } = halves(1_000);
    fill(A);
    giveBack(A, 300);
    expect(fill(A)).toBe(800);
    fail(A, 400);
    expect(fill(A)).toBe(500);
    giveBack(A, 200);
    expect(fill(A)).toBe(700);
  });

  it('never gives one of several topics more than half, acknowledged or not', () => {
    const { memory, fill, giveBack } = halves(1_000);
    memory.take(B, 1);
    memory.release([B], [1]);
    fill(A);
    giveBack(A, 400);
    expect(fill(A)).toBe(500);
  });

  it('leaves room beside any number of topics that are stuck, and more to one that is not', () => {
    const { memory, fill, giveBack } = halves(1_024);
    expect([fill(1), fill(2), fill(3), fill(4)]).toEqual([512, 256, 128, 64]);
    giveBack(4, 63);
    expect(fill(4)).toBe(Math.floor((1_024 - 896) * (7 / 8)));
    expect(memory.used).toBeLessThan(1_024);
  });

  it('has no limit for a topic where the share is 1', () => {
    const memory = new BufferMemory(100, FAR_MS, 1);
    memory.take(B, 10);
    expect([memory.limitOf(A), memory.tryTake(A, 90), memory.roomFor(A)]).toEqual([90, true, 0]);
  });

  it('keeps room for other topics', () => {
    const { memory, given, ask, giveBack } = halves(100);
    ask('b1', B, 10);
    ask('a1', A, 45);
    ask('a2', A, 1);
    ask('b2', B, 17);
    expect(given).toEqual(['b1', 'a1', 'b2']);
    expect([memory.usedBy(A), memory.usedBy(B), memory.roomFor(B)]).toEqual([45, 27, 0.5]);
    giveBack(B, 1);
    expect(memory.waiting).toBe(1);
    giveBack(A, 10);
    expect(given).toEqual(['b1', 'a1', 'b2', 'a2']);
  });

  it('serves those of one topic in their order, also where a later one would fit', () => {
    const { given, ask, giveBack } = halves(100);
    ask('b1', B, 1);
    ask('a1', A, 40);
    ask('a2', A, 30);
    ask('a3', A, 5);
    expect(given).toEqual(['b1', 'a1']);
    giveBack(A, 40);
    expect(given).toEqual(['b1', 'a1', 'a2', 'a3']);
  });

  it('lets nobody pass who comes after one that waits for the whole of it', () => {
    const { given, ask, giveBack } = halves(100);
    ask('a1', A, 45);
    ask('b1', B, 40);
    ask('c1', 3, 20);
    ask('d1', 4, 1);
    expect(given).toEqual(['a1', 'b1']);
    giveBack(A, 20);
    expect(given).toEqual(['a1', 'b1', 'c1', 'd1']);
  });

  it('takes a record larger than a share when nothing else of its topic is there', () => {
    const { given, ask, giveBack } = halves(100);
    ask('b1', B, 10);
    ask('a1', A, 80);
    ask('a2', A, 80);
    expect(given).toEqual(['b1', 'a1']);
    giveBack(A, 80);
    expect(given).toEqual(['b1', 'a1', 'a2']);
  });

  it('lets one who gives up make way for those behind', () => {
    const { memory, given, ask } = halves(100);
    ask('b1', B, 1);
    ask('a1', A, 40);
    const gone = ask('a2', A, 30) as Waiter;
    ask('a3', A, 5);
    memory.forget(gone);
    expect(given).toEqual(['b1', 'a1', 'a3']);
    expect(memory.waiting).toBe(0);
  });

  it('refuses all who wait when it is closed, and all who come', () => {
    const { memory, given, ask } = halves(100);
    ask('b1', B, 1);
    ask('a1', A, 50);
    ask('a2', A, 1);
    ask('a3', A, 1);
    memory.close();
    ask('a4', A, 1);
    expect(given).toEqual(['b1', 'a1', 'a2 closed', 'a3 closed', 'a4 closed']);
  });

  it('lets those who have waited long enough go, in the order of their coming over all topics', async () => {
    const memory = new BufferMemory(100, 50, 0.5);
    memory.take(A, 50);
    memory.take(B, 50);
    const gone: string[] = [];
    for (const [name, topicId] of [
      ['a1', A],
      ['b1', B],
      ['a2', A],
    ] as const) {
      memory.wait({ topicId, wanted: 1, resume: () => false, expire: () => void gone.push(name) });
    }
    await expect.poll(() => gone).toEqual(['a1', 'b1', 'a2']);
    expect(memory.waiting).toBe(0);
  });

  it('never gives more than there is, keeps the order of each topic, and serves everybody in the end', () => {
    const asks = fc.record({
      topicId: fc.integer({ min: 1, max: 4 }),
      bytes: fc.integer({ min: 1, max: 60 }),
    });
    // A number gives back what the nth of those who have something holds.
    const steps = fc.array(fc.oneof(asks, fc.nat(50)), { maxLength: 120 });
    fc.assert(
      fc.property(steps, (plan) => {
        const { memory, given, ask, giveBack } = halves(100);
        const asked = new Map<string, { topicId: number; bytes: number }>();
        const returned = new Set<string>();
        const held = () => given.filter((name) => !returned.has(name));
        const giveBackOf = (name: string) => {
          returned.add(name);
          const { topicId, bytes } = asked.get(name) as { topicId: number; bytes: number };
          giveBack(topicId, bytes);
        };
        const check = () => {
          const used = new Map<number, { bytes: number; count: number }>();
          for (const name of held()) {
            const { topicId, bytes } = asked.get(name) as { topicId: number; bytes: number };
            const of = used.get(topicId) ?? { bytes: 0, count: 0 };
            used.set(topicId, { bytes: of.bytes + bytes, count: of.count + 1 });
          }
          expect(memory.used).toBe([...used.values()].reduce((sum, { bytes }) => sum + bytes, 0));
          expect(memory.used).toBeLessThanOrEqual(100);
          expect(memory.waiting).toBe(asked.size - given.length);
        };
        for (const step of plan) {
          if (typeof step === 'number') {
            const names = held();
            if (names.length > 0) giveBackOf(names[step % names.length]);
          } else {
            const name = `${asked.size}`;
            asked.set(name, step);
            ask(name, step.topicId, step.bytes);
          }
          check();
        }
        for (let names = held(); names.length > 0; names = held()) giveBackOf(names[0]);
        check();
        expect(given).toHaveLength(asked.size);
        for (const topicId of [1, 2, 3, 4]) {
          const ofTopic = given.filter((name) => asked.get(name)?.topicId === topicId).map(Number);
          expect(ofTopic).toEqual([...ofTopic].sort((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });
});
