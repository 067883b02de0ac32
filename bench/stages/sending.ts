// What a send costs its caller until it returns (checks, packing, the hand-over to librdkafka), and what its outcome
// costs. The embedded cluster runs in a process of its own.
import { performance } from 'node:perf_hooks';
import { BatchResult, Producer } from 'millrace';
import { DeliveryReport } from '../../dist/delivery/delivery-report';
import { RecordMetadata, TIMESTAMP_TYPES } from '../../dist/delivery/record-metadata';
import { buildPool, type PoolRecord } from '../record-pool';
import { openCluster, type TargetCluster } from '../target-cluster';
import { type Workload, workloads } from '../workloads';
import { RECORDS, type Stage } from './stage';

const TOPIC = 'stage';

/** `close` ends producer and cluster. */
export async function submitStages(): Promise<{ stages: Stage[]; close(): Promise<void> }> {
  const workload = workloads.find(({ name }) => name === 'batch-100') as Workload;
  const cluster: TargetCluster = await openCluster({});
  const producer = new Producer({ bootstrapServers: await cluster.openTopics([TOPIC], workload.partitions) });
  const records = buildPool(workload, TOPIC).slice(0, RECORDS) as (PoolRecord & { value: string })[];
  await producer.sendBatch(records);

  const counted = async (send: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    const sent = send();
    const took = performance.now() - start;
    await sent;
    return took;
  };
  const stage = (name: string, send: () => Promise<unknown>): Stage => ({
    group: 'submit, until the call returns',
    name,
    records: RECORDS,
    run: () => counted(send),
  });
  return {
    stages: [
      stage('sendBatch of 1,000', () => producer.sendBatch(records)),
      stage('1,000 sends', () => Promise.all(records.map((record) => producer.send(record)))),
    ],
    async close() {
      await producer.close();
      await cluster.close();
    },
  };
}

export function deliveryStages(): Stage[] {
  // As native/delivery_report.h lays it out: everything delivered, to partition 0.
  const bytes = new ArrayBuffer(16 + 24 * RECORDS);
  new Uint32Array(bytes, 0, 4).set([0, RECORDS, 0, 0]);
  const report = () => new DeliveryReport(bytes, 0);
  const refusals = new Map();
  const names = () => TOPIC;
  return [
    {
      group: 'delivery',
      name: 'a batch’s result, its offsets and partitions read',
      records: RECORDS,
      run: () => {
        const result = new BatchResult(
          RECORDS,
          [{ begin: 0, packedAt: 0, report: report() }],
          refusals,
          names,
        );
        if (result.offsets.length !== result.partitions.length) throw new Error('unequal arrays');
      },
    },
    {
      group: 'delivery',
      name: 'metadata and a promise for each record',
      records: RECORDS,
      async run() {
        const { offsets, timestamps, partitions, timestampTypes } = report();
        const resolves: ((metadata: RecordMetadata) => void)[] = [];
        const all = Array.from({ length: RECORDS }, () => new Promise((resolve) => resolves.push(resolve)));
        for (let i = 0; i < RECORDS; i++) {
          const type = TIMESTAMP_TYPES[timestampTypes[i]];
          resolves[i](new RecordMetadata(TOPIC, partitions[i], offsets[i], timestamps[i], type));
        }
        for (const promise of all) await promise;
      },
    },
  ];
}
