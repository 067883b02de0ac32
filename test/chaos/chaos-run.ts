// One run of chaos: a cluster of three, a writer for each API, faults one after the other; then everything that is
// stored is read back and held against what the writers were told.
import { RealKafka } from '../broker/real-kafka';
import { createTopic, partitionStates, untilLedAsMeant } from '../broker/topics';
import type { Fault, Scene } from './faults';
import { Feed, type FeedOptions } from './feed';
import { Ledger } from './ledger';
import { Random } from './random';
import { AckRate } from './rate';
import { inWords } from './verdict';
import { type OpenWriter, WRITERS, type WriterKind } from './writers';

const PARTITIONS = 6;
const KEYS_PER_WRITER = 20;
const DOOMED_RECORDS_PER_SECOND = 50;
const LONGEST_RECOVERY_MS = 60_000;

export interface ChaosOptions {
  seed: number;
  /** Of all writers together. */
  recordsPerSecond: number;
  faults: readonly Fault[];
  /** Faults strike, in random order and again, until this time is over; every one strikes once at least. */
  minutes: number;
  onProgress: (line: string) => void;
}

export interface FaultFigures {
  name: string;
  /** From its beginning to its end. */
  lastedMs: number;
  /** The same measure as `recoveredMs`, of nothing at all: taken right before. What it shows is the machine's doing. */
  calmMs: number | undefined;
  /** From its end until acknowledgements came at 95 % of the rate of sending; undefined: not within a minute. */
  recoveredMs: number | undefined;
}

export interface ChaosFigures {
  seconds: number;
  ledgers: Ledgers;
  partitions: number;
  faults: FaultFigures[];
  unhandledRejections: number;
}

export interface Ledgers {
  /** Everything must hold. */
  strict: Ledger;
  /**
   * Of writers whose records run into their delivery timeout. When one does, librdkafka numbers all that is outstanding
   * anew (rd_kafka_idemp_drain_epoch_bump), and the brokers no longer know a record again whose acknowledgement was
   * lost: such a one may be stored twice.
   */
  hasty: Ledger;
  /** Everything must hold, for those who read what is committed. */
  transactional: Ledger;
  /** Of the topic that is deleted and made again: its records may go with it. */
  doomed: Ledger;
}

interface Running {
  kind: WriterKind;
  writer: OpenWriter;
}

export async function runChaos(options: ChaosOptions): Promise<ChaosFigures> {
  const started = performance.now();
  const random = new Random(options.seed);
  const unhandled = watchRejections(options.onProgress);
  const kafka = await RealKafka.start({
    brokers: 3,
    heap: '384m',
    proxied: true,
    // A broker that came back leads again within a second, instead of five minutes.
    brokerProperties: { 'leader.imbalance.check.interval.seconds': '1' },
  });
  try {
    const ledgers = await openLedgers(kafka.directServers);
    const scene = { kafka, random, topic: ledgers.strict.topic, doomedTopic: ledgers.doomed.topic };
    const writers = WRITERS.map((kind) => ({ kind, writer: kind.open(kafka.bootstrapServers) }));
    const rate = new AckRate();
    const feeds = openFeeds(writers, ledgers, options.recordsPerSecond, rate, random);
    const observer = new Observer(scene, rate, options);
    await observer.warmUp();
    await observer.letThemStrike();
    await Promise.all(feeds.map((feed) => feed.stop()));
    await Promise.all(writers.map(({ writer }) => writer.close()));
    for (const ledger of Object.values(ledgers)) await ledger.close(kafka.directServers);
    return {
      seconds: (performance.now() - started) / 1_000,
      ledgers,
      partitions: (await partitionStates(kafka.directServers, scene.topic)).length,
      faults: observer.faults,
      unhandledRejections: unhandled.count,
    };
  } finally {
    await kafka.stop();
    unhandled.stop();
  }
}

async function openLedgers(brokers: string): Promise<Ledgers> {
  const topic = (partitions: number) => createTopic(brokers, { partitions });
  return {
    strict: new Ledger('records that may take their time', await topic(PARTITIONS)),
    transactional: new Ledger('records of transactions', await topic(PARTITIONS)),
    // docs/reliability.md says what a record that times out may meet with.
    hasty: new Ledger('records that time out', await topic(PARTITIONS), ['duplicate', 'misplaced']),
    doomed: new Ledger('the topic made again', await topic(2), ['lost', 'misplaced']),
  };
}

function openFeeds(
  writers: readonly Running[],
  ledgers: Ledgers,
  recordsPerSecond: number,
  rate: AckRate,
  random: Random,
): Feed[] {
  const feed = ({ kind, writer }: Running, ledger: Ledger, more: Pick<FeedOptions, 'recordsPerSecond'>) =>
    new Feed(
      {
        writer,
        topic: ledger.topic,
        log: ledger.log,
        keys: Array.from({ length: KEYS_PER_WRITER }, (_, i) => `${kind.name} ${i}`),
        promisedMs: kind.promisedMs,
        rate: ledger === ledgers.strict && !kind.bursts ? rate : undefined,
        ...more,
      },
      new Random(random.next() * 2 ** 32),
    );
  return [
    ...writers.map((running) =>
      feed(running, ledgers[running.kind.ledger], {
        recordsPerSecond: recordsPerSecond / writers.length,
      }),
    ),
    // Through a writer of the strict topic, so that what happens to this one could hurt it.
    feed(writers[0], ledgers.doomed, { recordsPerSecond: DOOMED_RECORDS_PER_SECOND }),
  ];
}

/** Lets faults strike, one after the other, and watches the rate. */
class Observer {
  readonly faults: FaultFigures[] = [];

  constructor(
    private readonly scene: Scene,
    private readonly rate: AckRate,
    private readonly options: ChaosOptions,
  ) {}

  async warmUp(): Promise<void> {
    if ((await this.rate.back(LONGEST_RECOVERY_MS)) === undefined) {
      this.options.onProgress('so many records a second are too many for this machine');
    }
  }

  async letThemStrike(): Promise<void> {
    const { faults, minutes } = this.options;
    const end = performance.now() + minutes * 60_000;
    do {
      for (const fault of this.scene.random.shuffled(faults)) {
        if (this.faults.length >= faults.length && performance.now() > end) break;
        this.faults.push(await this.strike(fault));
      }
    } while (performance.now() < end);
  }

  private async strike(fault: Fault): Promise<FaultFigures> {
    const { kafka, topic } = this.scene;
    await untilLedAsMeant(kafka.directServers, topic);
    const calmMs = await this.rate.back(LONGEST_RECOVERY_MS);
    const began = performance.now();
    await fault.strike(this.scene);
    const lastedMs = performance.now() - began;
    const recoveredMs = await this.rate.back(LONGEST_RECOVERY_MS);
    const lasted = `${(lastedMs / 1_000).toFixed(1)} s`;
    this.options.onProgress(
      `${fault.name}: ${lasted}; ${this.rate.offered} records/s were back ${inWords(recoveredMs)}`,
    );
    return { name: fault.name, lastedMs, calmMs, recoveredMs };
  }
}

function watchRejections(onProgress: (line: string) => void) {
  const watch = {
    count: 0,
    stop: () => void process.off('unhandledRejection', onUnhandled),
  };
  const onUnhandled = (reason: unknown) => {
    watch.count++;
    onProgress(`unhandled rejection: ${reason instanceof Error ? reason.stack : reason}`);
  };
  process.on('unhandledRejection', onUnhandled);
  return watch;
}
