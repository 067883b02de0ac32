// Murmur2 as the Java client hashes keys, in plain JavaScript integers.

const M = 0x5bd1e995;

export function murmur2(data: Uint8Array): number {
  const { length } = data;
  const whole = length & ~3;
  let h = 0x9747b28c ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const left = length & 3;
  if (left === 3) h ^= data[whole + 2]! << 16;
  if (left >= 2) h ^= data[whole + 1]! << 8;
  if (left >= 1) h = Math.imul(h ^ data[whole]!, M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}
