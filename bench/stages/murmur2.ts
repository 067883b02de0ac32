// Hashing keys: each way hashes the same 1,000 keys of 16 bytes a run.
import { murmur2Batch, murmur2 as native } from '../../src';
import { murmur2 as javascript } from './javascript-murmur2';
import { RECORDS, type Stage } from './stage';

const ways: Record<string, (key: Buffer) => number> = {
  'addon, a call for each key': native,
  'plain JavaScript': javascript,
  kafkajs: require('kafkajs/src/producer/partitioners/default/murmur2'),
};

export const BATCH_CALL = 'addon, one call for all keys';
const KEY_BYTES = 16;

export function murmur2Stages(): Stage[] {
  const keys = Array.from({ length: RECORDS }, (_, index) => Buffer.from(`customer-${1_000_000 + index}`));
  const expected = keys.map(javascript);
  const stage = (name: string, hashes: ArrayLike<number>, run: () => unknown): Stage => {
    const different = keys.find((_, i) => hashes[i] !== expected[i]);
    if (different) throw new Error(`${name} hashes ${different} otherwise`);
    return { group: 'murmur2', name, records: RECORDS, run };
  };
  const bytes = Buffer.concat(keys);
  const ends = Int32Array.from(keys, (_, i) => (i + 1) * KEY_BYTES);
  const inOneCall = () => murmur2Batch(bytes, ends);
  return [
    ...Object.entries(ways).map(([name, hash]) =>
      stage(name, keys.map(hash), () => {
        let all = 0;
        for (const key of keys) all ^= hash(key);
        return void all;
      }),
    ),
    stage(BATCH_CALL, inOneCall(), () => void inOneCall()),
  ];
}
