// Which of a pool's threads a record goes to: always the same for the same key.
import type { BatchRecord } from '../intake/record';

/** undefined: any. */
export function threadOf(record: BatchRecord<unknown, unknown>, threads: number): number | undefined {
  const { key, partition } = record;
  // Two keys may share a partition, and one key may be sent to several: a partition that is named decides. One that cannot
  // be is refused by whichever thread gets it.
  if (partition !== undefined && partition !== null) {
    return Number.isInteger(partition) && partition >= 0 ? partition % threads : undefined;
  }
  if (key === undefined || key === null) return undefined;
  return hash(key) % threads;
}

function hash(key: unknown): number {
  if (typeof key === 'string') return hashText(key);
  if (key instanceof Uint8Array)
    return hashText(Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('utf8'));
  return hashText(typeof key === 'object' ? asText(key) : String(key));
}

/** Keys that have no text of their own all go to the same thread. */
function asText(key: unknown): string {
  try {
    return (
      JSON.stringify(key, (_name, value) => (typeof value === 'bigint' ? `${value}n` : inOrder(value))) ?? ''
    );
  } catch {
    return '';
  }
}

/** Fields are one key in whatever order: schemas have one of their own. */
function inOrder(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** FNV-1a over UTF-16 units. */
function hashText(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
