// The fast way of NDJSON and plain lines: the addon takes chunks of lines apart and packs them into frames; JavaScript
// looks only at lines that are out of the ordinary.
import { addon, LinesEnd, type NativeLinePacker } from '../addon';
import type { WaitEnd, Waiter } from '../buffer/buffer-memory';
import { MillraceError } from '../errors';
import { checkHeaders } from '../intake/check-headers';
import { type CheckedRecord, checkRecord, upperBoundOf, WIRE_OVERHEAD_BYTES } from '../intake/check-record';
import { FRAME_RECORDS, type Pipeline, RECORD_OVERHEAD_BYTES } from '../intake/pipeline';
import type { BytesLike } from '../intake/record';
import { closedError } from '../lifecycle';
import type { TopicRules } from '../options/topic-rules';
import type { Topic, TopicWaiter } from '../partition/topic';
import { describeFailure } from './batch-lane';
import type { FieldPaths } from './formats/fields';
import { fieldPaths } from './formats/format';
import { readJsonLine, reasonOf } from './formats/line-records';
import { type IngestPlan, MALFORMED } from './ingest-options';
import { LineFrame } from './line-frame';
import { LineCursor, runsOfLines } from './line-splitter';
import type { ProgressLedger } from './progress-ledger';
import { Stopped } from './source';

/** Frame memory asked for at once: what is left of a chunk that ends within a run is not wasted for long. */
const FRAME_ROOM = 512 << 10;
/** Until lines have been seen. */
const FIRST_GUESS_OF_LINE_BYTES = 100;

/** Whether the addon can read this plan's lines. */
export function hasLineLane(
  { format, key, value, timestamp }: IngestPlan,
  { partitioner }: TopicRules<BytesLike, BytesLike>,
): boolean {
  if (typeof partitioner === 'function') return false;
  const ascii = key === undefined || !/[\u0080-\uffff]/.test(key);
  return (
    (format === 'lines' || (format === 'ndjson' && ascii)) && value === undefined && timestamp === undefined
  );
}

type BytesPipeline = Pipeline<BytesLike, BytesLike>;

export class LineLane {
  readonly #pipeline: BytesPipeline;
  readonly #plan: IngestPlan;
  readonly #ledger: ProgressLedger;
  readonly #signal: AbortSignal | undefined;
  readonly #packer: NativeLinePacker;
  readonly #paths: FieldPaths;
  readonly #wordsEach: number;
  readonly #result = new Int32Array(8);
  /** Where the lines of the frame that is being packed begin. */
  readonly #starts = new Int32Array(FRAME_RECORDS);
  readonly #beforeFrame: () => void;
  #topic!: Topic;
  #lineNumber = 1;
  #recordsSeen = 0;
  #bytesSeen = 0;
  #frame: LineFrame | undefined;

  /** `signal`: fired when no more is to be read. */
  constructor(
    pipeline: BytesPipeline,
    plan: IngestPlan,
    ledger: ProgressLedger,
    signal: AbortSignal | undefined,
    beforeFrame: () => void,
  ) {
    this.#beforeFrame = beforeFrame;
    this.#pipeline = pipeline;
    this.#plan = plan;
    this.#ledger = ledger;
    this.#signal = signal;
    this.#paths = fieldPaths(plan);
    const headers = plan.headers === undefined ? [] : checkHeaders(plan.headers, plan.topic, 0);
    const words = headers.length === 0 ? [] : [headers.length];
    const parts: Buffer[] = [];
    for (const field of headers.flat()) {
      const bytes = field === null || field === undefined ? undefined : Buffer.from(field as string);
      words.push(bytes?.length ?? -1);
      if (bytes !== undefined) parts.push(bytes);
    }
    this.#wordsEach = 4 + words.length;
    this.#packer = new addon.NativeLinePacker(
      plan.format === 'ndjson',
      plan.key?.split('.') ?? [],
      Math.min(pipeline.rules.maxRequestSize - WIRE_OVERHEAD_BYTES, 2 ** 31 - 1),
      Int32Array.from(words),
      Buffer.concat(parts),
    );
  }

  /** Resolves when everything has been handed over. Throws what reading throws. */
  async run(chunks: AsyncIterable<Buffer>, startOffset: number): Promise<void> {
    this.#topic = await this.#whenReady();
    let offset = startOffset;
    for await (const run of runsOfLines(chunks)) {
      if (!(await this.#pack(run, offset))) return;
      offset += run.length;
    }
  }

  /** Nothing has been read so far: whoever stops the reading does not wait for it. @throws Stopped */
  #whenReady(): Promise<Topic> {
    const { topics } = this.#pipeline;
    const topic = topics.topic(this.#plan.topic);
    if (topic.ready) return Promise.resolve(topic);
    if (this.#signal?.aborted) throw new Stopped();
    return new Promise((resolve, reject) => {
      const stop = () => {
        topics.forgetWaiter(waiter);
        reject(new Stopped());
      };
      const waiter: TopicWaiter = (error) => {
        this.#signal?.removeEventListener('abort', stop);
        if (error === undefined) resolve(topic);
        else reject(error);
      };
      this.#signal?.addEventListener('abort', stop);
      topic.whenReady(waiter);
    });
  }

  /** False: the ingestion has come to its end. */
  async #pack(run: Buffer, offset: number): Promise<boolean> {
    for (let at = 0; at < run.length; ) {
      // Lines that fail faster than they are handed on are waited for.
      await this.#ledger.room(Number.POSITIVE_INFINITY);
      const admitted = await this.#admit(run.length - at);
      if (!this.#maySend(admitted)) return false;
      this.#begin(run, at, offset, admitted);
      at = this.#fill(run, at);
      const { rejects } = this.#frame as unknown as LineFrame;
      this.#submit(at);
      if (rejects.length > 0 && !this.#ledger.takesRejects) return false;
      if (this.#ledger.failed) return false;
    }
    return true;
  }

  /** False: it failed during the waits. Gives back what was admitted unless it may be used. */
  #maySend(admitted: number): boolean {
    let may = false;
    try {
      if (this.#ledger.failed) return false;
      if (this.#plan.partition === undefined && this.#topic.refusal !== undefined) throw this.#topic.refusal;
      this.#beforeFrame();
      may = true;
    } finally {
      if (!may) this.#pipeline.memory.release([this.#topic.id], [admitted]);
    }
    return may;
  }

  /** Packs lines from `at` on until the run ends or the frame is full. Returns where it stopped. */
  #fill(run: Buffer, from: number): number {
    const { writer } = this.#pipeline.handover;
    const frame = this.#frame as LineFrame;
    const result = this.#result;
    const partition = this.#plan.partition ?? -1;
    let at = from;
    for (;;) {
      writer.appendLines(
        this.#packer,
        run,
        at,
        this.#topic.id,
        partition,
        this.#wordsEach,
        this.#starts,
        result,
      );
      const [end, position, , lines, skipped, , , valueBytes] = result;
      at = position;
      frame.valueBytes += valueBytes;
      this.#lineNumber += lines;
      this.#ledger.report.skipped += skipped;
      if (end === LinesEnd.input) return at;
      const isFull = writer.recordCount === this.#starts.length;
      if (end === LinesEnd.noRoom && (isFull || writer.recordCount > 0)) return at;
      const next = this.#lookCloser(run, at);
      if (next === at) return at;
      at = next;
      this.#lineNumber++;
      // Nothing behind the line that ends the ingestion is sent.
      if (frame.rejects.length > 0 && !this.#ledger.takesRejects) return at;
    }
  }

  /** The line at `at`, packed, skipped or rejected by JavaScript. Returns where the next begins, or `at` for want of room. */
  #lookCloser(run: Buffer, at: number): number {
    const cursor = LineCursor.on(run, at);
    const next = at + cursor.lineEnd;
    const frame = this.#frame as LineFrame;
    const { writer } = this.#pipeline.handover;
    let record: CheckedRecord;
    try {
      const key = this.#keyOf(cursor);
      if (key === undefined) {
        this.#ledger.report.skipped++;
        return next;
      }
      const { topic, partition, headers } = this.#plan;
      record = checkRecord({ topic, key, value: cursor.line(), partition, headers }, 0, this.#pipeline.rules);
    } catch (error) {
      const isRecordError = error instanceof MillraceError;
      const failure = isRecordError
        ? describeFailure(error)
        : { reason: reasonOf(error), code: MALFORMED, persisted: 'no' as const };
      if (isRecordError) this.#ledger.report.records++;
      frame.rejects.push({
        line: this.#lineNumber,
        offset: frame.offset + at,
        ...failure,
        data: Buffer.from(cursor.line()),
      });
      return next;
    }
    if (!writer.fits(upperBoundOf(record)) || writer.recordCount === this.#starts.length) {
      // A frame of its own is made large enough.
      if (writer.recordCount > 0) return at;
      writer.end(false);
      writer.begin(upperBoundOf(record));
    }
    this.#starts[writer.recordCount] = at;
    frame.valueBytes += cursor.end - cursor.start;
    writer.appendRecord(this.#topic.id, record);
    return next;
  }

  /** null: no key; undefined: a blank line. */
  #keyOf(cursor: LineCursor): string | null | undefined {
    if (this.#plan.format === 'lines') return null;
    return readJsonLine(cursor, this.#lineNumber, this.#paths)?.key;
  }

  /** Bytes taken from the buffer's memory for this much of a run, by what lines were like so far. */
  async #admit(bytes: number): Promise<number> {
    const { memory } = this.#pipeline;
    const lineBytes =
      this.#recordsSeen === 0 ? FIRST_GUESS_OF_LINE_BYTES : this.#bytesSeen / this.#recordsSeen;
    const records = Math.min(FRAME_RECORDS, Math.ceil(bytes / lineBytes));
    const { id: topicId } = this.#topic;
    const wanted = Math.min(
      Math.ceil(Math.min(bytes, records * lineBytes) + records * RECORD_OVERHEAD_BYTES),
      memory.limitOf(topicId),
    );
    if (memory.tryTake(topicId, wanted)) return wanted;
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        topicId,
        wanted,
        resume: () => {
          if (!memory.tryTake(topicId, wanted, waiter)) return false;
          resolve();
          return true;
        },
        // The source waits as long as it takes.
        expire: (reason: WaitEnd) => {
          if (reason === 'timeout') memory.wait(waiter);
          else reject(closedError());
        },
      };
      memory.wait(waiter);
    });
    return wanted;
  }

  #begin(run: Buffer, at: number, offset: number, admitted: number): void {
    const { handover } = this.#pipeline;
    handover.begin(Math.min(FRAME_ROOM, (run.length - at) * 2), () => this.#submit(at));
    this.#frame = new LineFrame(
      this.#pipeline,
      this.#topic,
      this.#ledger,
      run,
      at,
      offset,
      this.#lineNumber,
      admitted,
    );
  }

  #submit(end: number): void {
    const frame = this.#frame as LineFrame;
    this.#frame = undefined;
    const { handover } = this.#pipeline;
    frame.begun(end, handover.writer.recordCount, this.#starts);
    this.#recordsSeen += frame.count;
    this.#bytesSeen += end - frame.begin;
    if (frame.count > 0) handover.submit(frame, frame.packed);
    else {
      handover.cancel();
      frame.nothing();
    }
    // When the writer is free again: who is told may send.
    this.#ledger.tellProgress();
  }
}
