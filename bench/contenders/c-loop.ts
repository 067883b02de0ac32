// The limit: our own C loop over the librdkafka that node-rdkafka brings, compiled on demand.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { FIRST_TIMESTAMP } from '../record-pool';
import { isPlain, isSingle } from '../workloads';
import { build } from './build';
import { CACHE, type Contender, codecMissing } from './contender';

const nodeRdkafka = path.dirname(require.resolve('node-rdkafka/package.json'));
const includes = path.join(nodeRdkafka, 'deps', 'librdkafka', 'src');
const libraryFolder = path.join(nodeRdkafka, 'build', 'deps');
const library = path.join(libraryFolder, 'librdkafka.so.1');
const binary = path.join(CACHE, 'c-loop');

export const cLoop: Contender = {
  name: 'c-loop',
  note: 'the limit, no client: C over the same librdkafka; counts acknowledgements, keeps no result',
  missing(workload) {
    if (!existsSync(library)) return "not run: node-rdkafka's librdkafka.so.1 is not built";
    return spawnSync('cc', ['--version']).status === 0
      ? codecMissing(workload)
      : 'not run: a C compiler is missing';
  },
  supports: (workload) => isPlain({ ...workload, headers: false }) && !isSingle(workload),
  prepare: () =>
    build(
      'cc',
      [
        '-O2',
        '-std=gnu11',
        `-I${includes}`,
        'main.c',
        '-o',
        binary,
        library,
        `-Wl,-rpath,${libraryFolder}`,
        '-lpthread',
      ],
      path.join(__dirname, 'c-loop'),
    ),
  command: ({ workload, ...spec }) => ({
    file: binary,
    args: [
      spec.brokers,
      spec.topic,
      spec.warmupSeconds,
      spec.seconds,
      spec.records ?? 0,
      spec.lingerMs,
      spec.batchBytes,
      Math.round(spec.bufferBytes / 1024),
      workload.recordsPerCall,
      workload.callsInFlight,
      workload.keyed ? 1 : 0,
      workload.valueBytes,
      workload.compression,
      workload.idempotent ? 1 : 0,
      workload.headers ? 1 : 0,
      FIRST_TIMESTAMP,
    ].map(String),
  }),
};
