// Kafka's own Java producer benchmark, from the jars of the test broker.
import path from 'node:path';
import { javaAndMavenMissing, kafkaClassPath } from '../../test/broker/kafka-jars';
import { isPlain, isSingle } from '../workloads';
import type { Contender } from './contender';

export const javaPerf: Contender = {
  name: 'java-perf',
  batchLingerMs: 5,
  needsRealKafka: 'all',
  note: 'ProducerPerformance: it has no keys and no warm-up; CPU of the whole JVM, its start included; latency of a record',
  missing: () => javaAndMavenMissing(),
  dropsKeys: true,
  supports: (workload) => isPlain(workload) && !isSingle(workload),
  prepare: async () => {
    await kafkaClassPath();
  },
  command: (spec) => ({
    file: process.execPath,
    args: ['--import', 'tsx', path.join(__dirname, 'java-perf-trial.ts'), JSON.stringify(spec)],
  }),
};
