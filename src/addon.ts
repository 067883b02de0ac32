// Finds the compiled addon, gives its exports their types, and ends what is still open when the process exits.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A chunk of native memory: the buffer records are packed into, and what `submit` takes for it. */
export type NativeFrameMemory = [buffer: ArrayBuffer, handle: object];

export interface NativeClientOptions {
  /** librdkafka's properties, in order. */
  properties: [name: string, value: string][];
  /** Per topic: bytes that may be inside librdkafka at once. */
  maxWindowBytes: number;
  /** What a record counts for beside its bytes. */
  recordOverheadBytes: number;
  /** False with acks=0, where librdkafka makes offsets up. */
  offsetsKnown: boolean;
  /** Whether records that a broker refused for the company of another are sent again. */
  resendNeighbours: boolean;
}

/** `onEvent`'s kinds. */
export const NativeEvent = {
  log: 0,
  error: 1,
  statistics: 2,
  tokenRefresh: 3,
  /** `code`: how many threads have a part in the client, this one included. */
  members: 4,
  /** The thread that owns the client closes it: an attached one can submit no more. */
  sharingEnded: 5,
  /** `facility`: the broker; `text`: API key, version, bytes and µs, separated by blanks. */
  request: 6,
} as const;

/** Settled frames' reports, one behind the other in `buffer`; what brokers said of single records, if anything. */
export type OnDeliveries = (
  buffer: ArrayBuffer,
  frames: number,
  details: [frame: number, index: number, text: string][] | undefined,
) => void;

export type OnEvent = (kind: number, code: number, fatal: boolean, facility: string, text: string) => void;

export interface NativePartition {
  partition: number;
  leader: number;
  replicas: number[];
  isr: number[];
}

export type NativeTransactionError = [
  code: number,
  text: string,
  retriable: boolean,
  abortable: boolean,
  fatal: boolean,
];

export interface NativeClient {
  topic(name: string, hash: number, keyless: number, freeze: boolean, stickyBytes: number): number;
  submit(
    id: number,
    recordCount: number,
    words: Int32Array,
    wordCount: number,
    memory: object,
    byteOffset: number,
    byteCount: number,
  ): 0 | 1;
  pump(): void;
  /** Ends messages that were acknowledged while others of their frames were not; tells of what librdkafka has to say. */
  serveQueue(): void;
  expireParked(olderThanMs: number): void;
  /** Reports of frames not settled yet: with news, or given up on. */
  reportOverdue(
    partlyAfterMs: number,
    giveUpAfterMs: number,
  ): [buffer: ArrayBuffer, frames: number] | undefined;
  purge(): void;
  /**
   * [error, broker count, then per topic: id, error, partition count when this client, in whichever thread, first knew it,
   * partition count, each partition's leader (-1: none)].
   */
  refreshMetadata(topics: number[], timeoutMs: number): Promise<Int32Array>;
  describeTopic(topic: number, timeoutMs: number): Promise<[error: number, partitions: NativePartition[]]>;
  flush(timeoutMs: number): Promise<number>;
  /** The number by which other threads of this process attach. */
  share(): number;
  /** Attached threads can submit no more, and are told. */
  endSharing(): void;
  /** Threads that have a part in the client. */
  memberCount(): number;
  /** Frames of other threads that are not settled. */
  unsettledElsewhere(): number;
  /** In an attached thread: ends its part; outcomes not reported by then never are. */
  /** Resumed by the same call when it ran out of time, as commit and abort are. */
  initTransactions(timeoutMs: number): Promise<NativeTransactionError | undefined>;
  /** With a transaction open it changes nothing, and tells what ails that one if anything does. */
  beginTransaction(): Promise<NativeTransactionError | undefined>;
  sendOffsets(
    groupId: string,
    generationId: number,
    memberId: string,
    groupInstanceId: string,
    /** [topic, partition, offset, metadata, …], one after the other. */
    positions: (string | number | bigint)[],
    timeoutMs: number,
  ): Promise<NativeTransactionError | undefined>;
  commitTransaction(timeoutMs: number): Promise<NativeTransactionError | undefined>;
  /** Fails what is not delivered yet. */
  abortTransaction(timeoutMs: number): Promise<NativeTransactionError | undefined>;
  destroy(): Promise<void>;
  destroyNow(): void;
  queueLength(): number;
  /** Since any broker answered anything; -1: none has. */
  msSinceAnswer(): number;
  /** From now on each request's end is an event. */
  watchRequests(): void;
  windowOf(topic: number): [windowBytes: number, inFlightBytes: number];
  setOauthbearerToken(
    token: string,
    expiresAtMs: number,
    principal: string,
    extensions: string[],
  ): Promise<string | undefined>;
  setOauthbearerFailure(reason: string): void;
}

/** Packs lines into frames; see native/pack_lines.h. */
export interface NativeLinePacker {
  /** `result`: end (LinesEnd), position, records, lines, skipped, words, bytes, bytes of values. */
  pack(
    input: Uint8Array,
    from: number,
    topicId: number,
    partition: number,
    words: Int32Array,
    wordAt: number,
    starts: Int32Array,
    recordAt: number,
    memory: object,
    byteAt: number,
    byteEnd: number,
    result: Int32Array,
  ): void;
}

/** Why packing ended: there are no more lines, the next needs a closer look, or it does not fit. */
export const LinesEnd = { input: 0, unusual: 1, noRoom: 2 } as const;

export interface NativeMockCluster {
  bootstrapServers(): string;
  createTopic(topic: string, partitions: number, replicationFactor: number): number;
  setLeader(topic: string, partition: number, broker: number): number;
  setBrokerDown(broker: number, down: boolean): number;
  setRoundTripTime(broker: number, milliseconds: number): number;
  setFollower(topic: string, partition: number, broker: number): number;
  setCoordinator(kind: 'group' | 'transaction', id: string, broker: number): number;
  setTopicError(topic: string, error: number): number;
  pushRequestErrors(apiKey: number, errors: Int32Array): number;
  pushBrokerErrors(broker: number, apiKey: number, errors: Int32Array, delayMs: number): number;
  clearRequestErrors(apiKey: number): number;
  close(): Promise<void>;
  closeNow(): void;
}

interface Addon {
  murmur2(key: Uint8Array): number;
  /** Of keys one behind the other in `bytes`, each up to its end: fills in `hashes`, up to the first end that is wrong. */
  murmur2Batch(bytes: Uint8Array, ends: Int32Array, hashes: Int32Array): number;
  partitionForKey(key: Uint8Array, partitionCount: number): number;
  allocateFrameMemory(bytes: number): NativeFrameMemory;
  errorDescriptions(): [code: number, name: string, description: string][];
  librdkafkaVersion: string;
  librdkafkaFeatures: string;
  /** Opens a client, or attaches to the shared one of this number. @throws with code PRODUCER_CLOSED when that is closed */
  NativeClient: new (
    options: NativeClientOptions | number,
    onDeliveries: OnDeliveries,
    onEvent: OnEvent,
  ) => NativeClient;
  NativeLinePacker: new (
    json: boolean,
    keyPath: readonly string[],
    maxRecordBytes: number,
    headerWords: Int32Array,
    headerBytes: Uint8Array,
  ) => NativeLinePacker;
  NativeMockCluster: new (brokers: number) => NativeMockCluster;
}

function load(): Addon {
  // Beside package.json, whether this file runs from src or from dist.
  const path = join(__dirname, '..', 'build', 'Release', 'millrace.node');
  if (!existsSync(path)) {
    throw new Error(
      `millrace's addon has not been compiled (${path} is missing). Let npm run the install scripts of millrace and ` +
        'node-rdkafka: a C++17 compiler, make and Python 3 are needed.',
    );
  }
  try {
    return require(path);
  } catch (error) {
    throw new Error(
      "millrace's addon could not be loaded. It needs the librdkafka that node-rdkafka compiles when it is " +
        'installed: see that node-rdkafka was allowed to run its install script, then `npm rebuild node-rdkafka`.',
      { cause: error },
    );
  }
}

export const addon: Addon = load();

// librdkafka's threads must not run into the C library's own shutdown, so whatever the application left open ends
// here, records in flight included. Environments torn down without this event (a terminated worker) are seen to by
// the addon itself.
const openHandles = new Set<() => void>();

process.on('exit', () => {
  for (const end of openHandles) end();
});

/** Has `end` called if the process exits first. Returns how to take that back. */
export function endAtExit(end: () => void): () => void {
  openHandles.add(end);
  return () => openHandles.delete(end);
}
