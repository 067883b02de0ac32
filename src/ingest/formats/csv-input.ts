// The bytes of a CSV input as its parser takes them: without byte order mark, counted, and ended where reading fails or is stopped.
import { ConfigError } from '../../errors';

const UTF_8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF_16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

export class CsvInput {
  /** Of the byte order mark, 0 without one: the parser's offsets begin behind it. */
  markBytes = 0;
  /** Where the input ends, as far as it was read. */
  end = 0;
  /** Why it ends early: then what is unfinished at the end is no row. */
  failure: { error: unknown } | undefined;

  /** Ends the parser instead of destroying it when reading fails, since the parser still holds rows that are whole. */
  async *feed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      let head: Buffer | undefined = Buffer.alloc(0);
      for await (const chunk of chunks) {
        this.end += chunk.length;
        if (head === undefined) {
          yield chunk;
          continue;
        }
        head = Buffer.concat([head, chunk]);
        if (head.length < UTF_8_MARK.length) continue;
        const rest = this.withoutMark(head);
        head = undefined;
        if (rest.length > 0) yield rest;
      }
      if (head !== undefined && head.length > 0) yield this.withoutMark(head);
    } catch (error) {
      this.failure = { error };
    }
  }

  private withoutMark(head: Buffer): Buffer {
    if (UTF_16_MARKS.some((mark) => head.subarray(0, mark.length).equals(mark))) {
      throw new ConfigError(
        'CSV: the input is UTF-16, expected UTF-8: convert it first, with iconv -f UTF-16 -t UTF-8',
      );
    }
    if (!head.subarray(0, UTF_8_MARK.length).equals(UTF_8_MARK)) return head;
    this.markBytes = UTF_8_MARK.length;
    return head.subarray(UTF_8_MARK.length);
  }
}
