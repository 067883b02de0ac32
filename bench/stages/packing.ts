// Packing frames: records of one topic, by the loop over usual ones and one by one.
import { packDecorated } from '../../dist/serialize/decorated-records';
import { FrameWriter } from '../../dist/serialize/frame-writer';
import { packUsual } from '../../dist/serialize/usual-records';
import { buildPool, type PoolRecord } from '../record-pool';
import { type Workload, workloads } from '../workloads';
import { RECORDS, type Stage } from './stage';

const WHOLE = {
  from: 0,
  to: RECORDS,
  topic: 'stage',
  topicId: 0,
  defaultTopic: undefined,
  admissible: Infinity,
  recordOverhead: 256,
  recordBytes: 1_000_000,
  frameRecords: RECORDS,
  frameBytes: Infinity,
};

type TextRecord = PoolRecord & { value: string };

function recordsOf(name: string): TextRecord[] {
  const workload = workloads.find((one) => one.name === name) as Workload;
  return buildPool(workload, 'stage').slice(0, RECORDS) as TextRecord[];
}

function packing(
  name: string,
  workload: string,
  pack: (writer: FrameWriter, records: TextRecord[]) => void,
): Stage {
  const writer = new FrameWriter();
  const records = recordsOf(workload);
  const run = () => {
    writer.begin(2 ** 20);
    pack(writer, records);
    if (writer.recordCount !== RECORDS) throw new Error(`packed ${writer.recordCount} records of ${RECORDS}`);
    writer.finish();
    writer.end(false);
  };
  return { group: 'frame packing', name, records: RECORDS, run };
}

export function packingStages(): Stage[] {
  const inOneLoop = (writer: FrameWriter, records: TextRecord[]) =>
    void packUsual(writer, { ...WHOLE, records });
  return [
    packing('a batch, 100 B values', 'batch-100', inOneLoop),
    packing('a batch, 10 B values', 'batch-10', inOneLoop),
    packing('a batch, no keys', 'keyless', inOneLoop),
    packing('a batch, headers and timestamps', 'headers', (writer, records) => {
      packDecorated(writer, { ...WHOLE, records });
    }),
    packing('one by one, 100 B values', 'batch-100', (writer, records) => {
      for (const { key, value } of records) writer.append(0, -1, key, value);
    }),
    packing('one by one, headers and timestamps', 'headers', (writer, records) => {
      for (const { key, value, timestamp, headers = {} } of records) {
        writer.appendExtended(0, -1, key, value, timestamp, Object.entries(headers));
      }
    }),
  ];
}
