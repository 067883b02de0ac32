// Hashing keys, alone: `npx tsx bench/stages/murmur2.ts`. Each way hashes the same 1,000 keys a round.
import { keyAt } from '../record-pool';
import { murmur2 as javascript } from './javascript-murmur2';

const KEYS = 1000;
const keys = Array.from({ length: KEYS }, (_, index) => Buffer.from(keyAt(index)));

const ways: Record<string, (key: Buffer) => number> = {
  kafkajs: require('kafkajs/src/producer/partitioners/default/murmur2'),
  javascript,
};

async function main() {
  for (const [name, hash] of Object.entries(ways)) {
    const different = keys.find((key) => hash(key) !== javascript(key));
    if (different) throw new Error(`${name} hashes ${different} otherwise`);
  }

  // tinybench is an ES module only.
  const { Bench } = await import('tinybench');
  const bench = new Bench({ time: 1000, warmupTime: 200 });
  for (const [name, hash] of Object.entries(ways)) {
    bench.add(name, () => {
      let all = 0;
      for (const key of keys) all ^= hash(key);
      return all;
    });
  }
  await bench.run();
  console.table(
    bench.tasks.map(({ name, result }) => {
      if (result.state !== 'completed') throw new Error(`${name} did not complete`);
      return { way: name, 'ns a key': ((result.latency.p50 * 1e6) / KEYS).toFixed(1) };
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
