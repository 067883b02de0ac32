// Tells a growth plan, for people or as one JSON object.
import {
  countsThatMoveLess,
  type GrowthTarget,
  leastCommonMultiple,
  type MeasuredGrowth,
  type Spread,
  shareThatMoves,
} from '../partition/growth-plan';
import { printable } from './failure-log';
import { count, plural, rounded } from './summary';
import type { TopicKeys } from './topic-keys';

export interface GrowthReport {
  from: number;
  to: number;
  /** Null where no keys were given. */
  measured: MeasuredGrowth | null;
  topic: (TopicKeys & { name: string }) | null;
}

const HISTOGRAM_ROWS = 8;
const BAR_WIDTH = 24;

export function growthText(report: GrowthReport): string {
  const { from, to, measured, topic } = report;
  const period = leastCommonMultiple(from, to);
  const lines = [
    `From ${from} to ${to} partitions, ${percent(shareThatMoves(from, to))} of all keys move: of every ` +
      `${count(period)} hashes (the least common multiple) ${count(from)} keep their partition.`,
  ];
  if (topic !== null) lines.push('', ...topicLines(topic));
  if (measured !== null) lines.push('', ...measuredLines(measured));
  else if (topic === null) lines.push('With --keys or --topic, real keys are counted.');
  return [...lines, '', ...suggestionLines(from, to)].join('\n');
}

function topicLines(topic: TopicKeys & { name: string }): string[] {
  const { partitions, records, keylessRecords, elsewhere } = topic;
  const lines = [
    `Topic ${printable(topic.name)}: ${plural(partitions, 'partition')}, ${plural(records, 'record')} read` +
      `${keylessRecords > 0 ? `, ${count(keylessRecords)} of them without key` : ''}.`,
  ];
  if (elsewhere > 0) {
    lines.push(
      `${plural(elsewhere, 'record')} with a key (${percent(elsewhere / (records - keylessRecords))}) did not lie ` +
        'where murmur2 puts them: a partition of their own, another partitioner, or an earlier growth.',
    );
  }
  return lines;
}

function measuredLines({ keys, keysMoved, records, recordsMoved, before, after }: MeasuredGrowth): string[] {
  return [
    `Counted: ${count(keysMoved)} of ${plural(keys, 'key')} move (${percent(keysMoved / keys)}), and with them ` +
      `${count(recordsMoved)} of ${plural(records, 'record')} (${percent(recordsMoved / records)}).`,
    '',
    ...spreadLines(before, after),
  ];
}

/** Both counts side by side, in the same classes of load. */
function spreadLines(before: Spread, after: Spread): string[] {
  const column = (text: string) => text.padEnd(BAR_WIDTH + 8);
  const summary = ({ min, median, max }: Spread) => [min, median, max].map((load) => count(load)).join(' / ');
  const classes = loadClasses(before, after);
  const labelWidth = Math.max('min / median / max'.length, ...classes.map(({ label }) => label.length));
  const longest = Math.max(...classes.flatMap((row) => [row.before, row.after]));
  const bar = (partitions: number) =>
    partitions === 0
      ? ''
      : `${'\u2588'.repeat(Math.ceil((partitions / longest) * BAR_WIDTH))} ${count(partitions)}`;
  const row = (label: string, left: string, right: string) =>
    `  ${label.padEnd(labelWidth)}   ${column(left)}${right}`.trimEnd();
  return [
    row(
      'Records',
      `in ${plural(before.partitions, 'partition')}`,
      `in ${plural(after.partitions, 'partition')}`,
    ),
    row('min / median / max', summary(before), summary(after)),
    ...classes.map(({ label, before, after }) => row(label, bar(before), bar(after))),
  ];
}

interface LoadClass {
  label: string;
  /** Partitions with a load of this class. */
  before: number;
  after: number;
}

function loadClasses(before: Spread, after: Spread): LoadClass[] {
  const lowest = Math.min(before.min, after.min);
  const highest = Math.max(before.max, after.max);
  const width = Math.ceil((highest - lowest + 1) / HISTOGRAM_ROWS);
  const rows = Math.ceil((highest - lowest + 1) / width);
  return Array.from({ length: rows }, (_, n) => {
    const from = lowest + n * width;
    const to = from + width - 1;
    const within = ({ loads }: Spread) => loads.filter((load) => load >= from && load <= to).length;
    const label = from === to ? count(from) : `${count(from)} to ${count(to)}`;
    return { label, before: within(before), after: within(after) };
  });
}

function suggestionLines(from: number, to: number): string[] {
  const targets = countsThatMoveLess(from, to);
  const lines = targets.map(
    ({ partitions, moves }) => `  ${count(partitions)} partitions: ${percent(moves)} move`,
  );
  return [
    ...(targets.length > 0
      ? ['Counts that keep more keys where they are:', ...lines]
      : ['No count near it keeps more keys where they are.']),
    "A producer with onPartitionGrowth: 'freeze' keeps every key where it is, for as long as it is open.",
  ];
}

function percent(share: number): string {
  return `${rounded(share * 100)} %`;
}

export function growthJson({ from, to, measured, topic }: GrowthReport): string {
  const suggestions: GrowthTarget[] = countsThatMoveLess(from, to);
  return JSON.stringify({
    from,
    to,
    moves: shareThatMoves(from, to),
    leastCommonMultiple: leastCommonMultiple(from, to),
    topic: topic && {
      topic: topic.name,
      partitions: topic.partitions,
      records: topic.records,
      keylessRecords: topic.keylessRecords,
      elsewhere: topic.elsewhere,
      recordsByPartition: topic.loads,
    },
    measured: measured && {
      keys: measured.keys,
      keysMoved: measured.keysMoved,
      keysMovedShare: measured.keysMoved / measured.keys,
      records: measured.records,
      recordsMoved: measured.recordsMoved,
      recordsMovedShare: measured.recordsMoved / measured.records,
      before: spreadJson(measured.before),
      after: spreadJson(measured.after),
    },
    suggestions,
  });
}

function spreadJson({ partitions, min, median, max, loads }: Spread): object {
  return { partitions, min, median, max, recordsByPartition: loads };
}
