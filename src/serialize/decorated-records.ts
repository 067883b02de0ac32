// As usual-records.ts, for records that have a partition, a timestamp in milliseconds or headers besides.
import type { BytesLike } from '../intake/record';
import { isShortText, NOT_USUAL, usualLength } from './field-length';
import { FLAG_BITS, type FrameWriter, HAS_HEADERS, HAS_TIMESTAMP, writeTimestamp } from './frame-writer';
import type { Packed, RecordRange } from './usual-records';

/** What a record has none of. */
const NONE = -1;

/** Packs as `packUsual` does. Stops before the first record that has none of these, which that packs faster. */
export function packDecorated(writer: FrameWriter, range: RecordRange): Packed {
  const { records, from, topic, topicId, defaultTopic } = range;
  const { admissible, recordOverhead, recordBytes, frameBytes } = range;
  const end = Math.min(range.to, from + range.frameRecords - writer.recordCount);
  const { headers: scratch } = writer;
  let admitted = 0;
  let index = from;
  writer.reading = true;
  try {
    for (; index < end && writer.byteCount < frameBytes; index++) {
      const { topic: name = defaultTopic, key, value, partition, timestamp, headers } = records[index];
      if (name !== topic) break;
      if (partition === undefined && timestamp === undefined && headers === undefined) break;
      if (partition !== undefined && ((partition | 0) !== partition || partition < 0)) break;
      if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && (timestamp as number) >= 0)) break;
      // First everything that may run the caller's code, then lengths, which that code could have changed.
      if (!scratch.read(headers)) break;
      const headerSize = scratch.measure();
      const keyLength = usualLength(key);
      const valueLength = usualLength(value);
      if (headerSize === NOT_USUAL || keyLength === NOT_USUAL || valueLength === NOT_USUAL) break;
      const size = Math.max(keyLength, 0) + Math.max(valueLength, 0) + headerSize;
      const admission = admitted + size + recordOverhead;
      if (size > recordBytes || admission > admissible || !writer.fits(size * 3)) break;
      packOne(
        writer,
        topicId,
        partition ?? -1,
        key as BytesLike,
        keyLength,
        value as BytesLike,
        valueLength,
        (timestamp as number | undefined) ?? NONE,
      );
      admitted = admission;
    }
  } catch {
    // Whatever the record's own code threw, it will throw again.
  } finally {
    writer.reading = false;
  }
  return { count: index - from, admitted };
}

function packOne(
  writer: FrameWriter,
  topicId: number,
  partition: number,
  key: BytesLike,
  keyLength: number,
  value: BytesLike,
  valueLength: number,
  timestamp: number,
): void {
  const { count, names, values, lengths, shortText } = writer.headers;
  let at = writer.claimWords(4 + (timestamp === NONE ? 0 : 2) + (count === 0 ? 0 : 1 + count * 2));
  const { words } = writer;
  words[at] =
    (topicId << FLAG_BITS) | (timestamp === NONE ? 0 : HAS_TIMESTAMP) | (count === 0 ? 0 : HAS_HEADERS);
  words[at + 1] = partition;
  words[at + 2] = keyLength;
  words[at + 3] = valueLength;
  const text =
    shortText &&
    isShortText(key, keyLength) &&
    isShortText(value, valueLength) &&
    writer.run.hasRoomFor(2 + count * 2);
  if (text) {
    packText(writer, at, key as string, keyLength, value as string, valueLength, timestamp);
    return;
  }
  if (keyLength > 0) writer.write(at + 2, key as string | Uint8Array, keyLength);
  if (valueLength > 0) writer.write(at + 3, value as string | Uint8Array, valueLength);
  at += 4;
  if (timestamp !== NONE) at = writeTimestamp(words, at, timestamp);
  if (count === 0) return;
  words[at++] = count;
  for (let i = 0; i < count; i++) {
    const { length } = names[i];
    words[at] = length;
    if (length > 0) writer.write(at, names[i], length);
    at++;
    words[at] = lengths[i];
    if (lengths[i] > 0) writer.write(at, values[i] as string | Uint8Array, lengths[i]);
    at++;
  }
}

// The same for short texts, with one store of the run for all of them.
function packText(
  writer: FrameWriter,
  at: number,
  key: string,
  keyLength: number,
  value: string,
  valueLength: number,
  timestamp: number,
): void {
  const { words, run } = writer;
  const { count, names, values, lengths } = writer.headers;
  const runWords = run.words;
  let { text, strings } = run;
  if (keyLength > 0) {
    text += key;
    runWords[strings++] = at + 2;
  }
  if (valueLength > 0) {
    text += value;
    runWords[strings++] = at + 3;
  }
  at += 4;
  if (timestamp !== NONE) at = writeTimestamp(words, at, timestamp);
  if (count > 0) words[at++] = count;
  for (let i = 0; i < count; i++) {
    const name = names[i];
    words[at] = name.length;
    if (name !== '') {
      text += name;
      runWords[strings++] = at;
    }
    at++;
    words[at] = lengths[i];
    if (lengths[i] > 0) {
      text += values[i] as string;
      runWords[strings++] = at;
    }
    at++;
  }
  run.text = text;
  run.strings = strings;
  if (run.full) writer.writeRun();
}
