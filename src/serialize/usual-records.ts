// Packs usual records, many in one loop over local variables, because a call for each costs more than packing it. Usual: of one
// topic, with a key and a value of text, bytes or null, and nothing else.
import type { BatchRecord } from '../intake/record';
import { isShortText, NOT_USUAL, usualLength } from './field-length';
import { FLAG_BITS, type FrameWriter } from './frame-writer';
import { RUN_CHARACTERS } from './text-run';

/** Records of a batch that may be packed at once, from index `from` to before `to`. */
export interface RecordRange {
  records: readonly BatchRecord<unknown, unknown>[];
  from: number;
  to: number;
  topic: string;
  topicId: number;
  /** Of records that name none. */
  defaultTopic: string | undefined;
  /** Bytes that may be admitted, with `recordOverhead` counted for each record. */
  admissible: number;
  recordOverhead: number;
  /** Largest key and value together. */
  recordBytes: number;
  /** Records and bytes that make a frame full. */
  frameRecords: number;
  frameBytes: number;
}

/** How many records were packed, and what was admitted for them. */
export interface Packed {
  count: number;
  admitted: number;
}

/**
 * Packs as long as records are usual ones. Stops before the first that is not, does not fit, or cannot even be read: that one
 * needs a closer look. Needs a begun frame.
 */
export function packUsual(writer: FrameWriter, range: RecordRange): Packed {
  const { records, from, topic, topicId, defaultTopic } = range;
  const { admissible, recordOverhead, recordBytes, frameBytes } = range;
  const end = Math.min(range.to, from + range.frameRecords - writer.recordCount);
  writer.makeWords(Math.max(0, end - from) * 4);
  const { words, run } = writer;
  const room = writer.memory.chunk.bytes.length;
  const runWords = run.words;
  const head = topicId << FLAG_BITS;
  let at = writer.wordCount;
  let admitted = 0;
  let index = from;
  // The run stays in local variables: to store each longer string in it would cost as much as joining it.
  let { text, strings } = run;
  writer.reading = true;
  try {
    for (; index < end && writer.position - writer.start + text.length < frameBytes; index++) {
      const { topic: name = defaultTopic, key, value, partition, timestamp, headers } = records[index];
      if (name !== topic || partition !== undefined || timestamp !== undefined || headers !== undefined)
        break;
      const keyLength = usualLength(key);
      const valueLength = usualLength(value);
      if (keyLength === NOT_USUAL || valueLength === NOT_USUAL) break;
      const size = Math.max(keyLength, 0) + Math.max(valueLength, 0);
      const admission = admitted + size + recordOverhead;
      if (size > recordBytes || admission > admissible) break;
      if (writer.position + (text.length + size) * 3 > room) break;
      words[at] = head;
      words[at + 1] = -1;
      words[at + 2] = keyLength;
      words[at + 3] = valueLength;
      if (isShortText(key, keyLength) && isShortText(value, valueLength)) {
        if (keyLength > 0) {
          text += key;
          runWords[strings++] = at + 2;
        }
        if (valueLength > 0) {
          text += value;
          runWords[strings++] = at + 3;
        }
      } else {
        run.text = text;
        run.strings = strings;
        if (keyLength > 0) writer.write(at + 2, key as string | Uint8Array, keyLength);
        if (valueLength > 0) writer.write(at + 3, value as string | Uint8Array, valueLength);
        ({ text, strings } = run);
      }
      if (text.length >= RUN_CHARACTERS) {
        run.text = text;
        run.strings = strings;
        writer.writeRun();
        ({ text, strings } = run);
      }
      at += 4;
      admitted = admission;
    }
  } catch {
    // Whatever the record's own code threw, it will throw again.
  } finally {
    writer.reading = false;
  }
  run.text = text;
  run.strings = strings;
  const count = index - from;
  writer.wordCount = at;
  writer.recordCount += count;
  return { count, admitted };
}
