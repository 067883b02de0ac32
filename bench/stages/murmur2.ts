// Hashing keys: each way hashes the same 1,000 keys of 16 bytes a run.
import { murmur2 as native } from '../../src';
import { murmur2 as javascript } from './javascript-murmur2';
import { RECORDS, type Stage } from './stage';

const ways: Record<string, (key: Buffer) => number> = {
  'addon, a call for each key': native,
  'plain JavaScript': javascript,
  kafkajs: require('kafkajs/src/producer/partitioners/default/murmur2'),
};

export function murmur2Stages(): Stage[] {
  const keys = Array.from({ length: RECORDS }, (_, index) => Buffer.from(`customer-${1_000_000 + index}`));
  return Object.entries(ways).map(([name, hash]) => {
    const different = keys.find((key) => hash(key) !== javascript(key));
    if (different) throw new Error(`${name} hashes ${different} otherwise`);
    const run = () => {
      let all = 0;
      for (const key of keys) all ^= hash(key);
      return void all;
    };
    return { group: 'murmur2', name, records: RECORDS, run };
  });
}
