// How long a key, a value or a header is: as bytes, or before anybody has encoded it.
import type { BytesLike } from '../intake/record';

/** Strings this long are written by themselves: joined, they would be copied once more, which costs more than the call. */
export const LONG_STRING = 512;

/** What `usualLength` says of anything but text, bytes and null. */
export const NOT_USUAL = -2;

/**
 * The bytes' true length, whatever a subclass says of itself: a frame whose words and bytes disagree would be refused
 * whole. @throws TypeError for what only looks like a Uint8Array, such as a Proxy, and for one whose memory is gone.
 */
const trueByteLength = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'byteLength',
)?.get as () => number;
function byteLengthOf(bytes: Uint8Array): number {
  const length = trueByteLength.call(bytes);
  // A detached one says 0, and must not pass for an empty one. Unlike the length, an element's place is checked.
  if (length === 0) Uint8Array.prototype.at.call(bytes, 0);
  return length;
}

/** Of text, bytes or null (-1); NOT_USUAL for anything else. */
export function usualLength(field: unknown): number {
  if (typeof field === 'string') return field.length;
  if (field === null || field === undefined) return -1;
  return field instanceof Uint8Array ? byteLengthOf(field) : NOT_USUAL;
}

/** Of this realm or another: an object that has nothing but its own properties. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** At most this many bytes will `field` take: exact for bytes and long text, else three to a character. */
export function upperBound(field: BytesLike): number {
  if (field === null || field === undefined) return 0;
  if (typeof field !== 'string') return byteLengthOf(field);
  return field.length < LONG_STRING ? field.length * 3 : Buffer.byteLength(field);
}

/** What admission counts before packing has measured: one byte to a character. */
export function estimate(field: BytesLike): number {
  if (field === null || field === undefined) return 0;
  return typeof field === 'string' ? field.length : byteLengthOf(field);
}

/** Whether a field of this usual length is null, or text that is written together with others. */
export function isShortText(field: unknown, length: number): boolean {
  return length < 0 || (typeof field === 'string' && length < LONG_STRING);
}
