// All contenders, in the order in which they take turns.
import { isSingle } from '../workloads';
import { cLoop } from './c-loop';
import {
  type Contender,
  codecMissing,
  INSTALL_PEERS,
  nodeCommand,
  nodeSince,
  peerFileExists,
} from './contender';
import { franzGo } from './franz-go';
import { javaPerf } from './java-perf';

const millrace: Contender = {
  name: 'millrace',
  missing: codecMissing,
  note: 'string keys and values',
  command: (spec) => nodeCommand('millrace', spec),
};

const millracePool: Contender = {
  name: 'millrace-pool',
  missing: codecMissing,
  note: "producer.workers() with mode 'pool': two threads, or one less than there are processors where that is more",
  supports: (workload) =>
    !isSingle(workload) && workload.topics === 1 && workload.set !== 'long' && workload.value !== 'bytes',
  command: (spec) => nodeCommand('millrace-pool', spec),
};

const millraceKafkajs: Contender = {
  name: 'millrace-kafkajs',
  missing: codecMissing,
  note: "millrace/kafkajs: kafkajs's adapter with the import changed",
  command: (spec) => nodeCommand('millrace-kafkajs', spec),
};

const nodeRdkafka: Contender = {
  name: 'node-rdkafka',
  batchLingerMs: 5,
  missing: codecMissing,
  note: 'delivery reports on; partitioner murmur2_random; values made Buffers on sending, as its API asks',
  command: (spec) => nodeCommand('node-rdkafka', spec),
};

const nodeRdkafkaNoReports: Contender = {
  name: 'node-rdkafka-no-reports',
  batchLingerMs: 5,
  missing: codecMissing,
  note: 'never learns what became of a record: no latency, queue of 20,000 records as the only brake',
  supports: (workload) => !isSingle(workload),
  command: (spec) => nodeCommand('node-rdkafka-no-reports', spec),
};

const kafkajs: Contender = {
  name: 'kafkajs',
  needsRealKafka: 'idempotence',
  note: 'idempotence lets it send one request at a time to each broker; no linger: a send is a request; of the codecs only gzip, since the others need further packages',
  supports: ({ compression }) => compression === 'none' || compression === 'gzip',
  command: (spec) => nodeCommand('kafkajs', spec),
};

const platformatic: Contender = {
  name: 'platformatic-kafka',
  needsRealKafka: 'idempotence',
  note: 'compatibilityPartitioner for keys; no linger: a send is a request to each leader; runs under the Node that it demands',
  missing() {
    if (!peerFileExists('@platformatic', 'kafka', 'package.json')) return `not installed (${INSTALL_PEERS})`;
    if (!nodeSince(22, 22)) return `not run: needs Node >= 22.22 (${INSTALL_PEERS} brings one for linux-x64)`;
    return undefined;
  },
  command: (spec) => nodeCommand('peers/platformatic-kafka', spec, nodeSince(22, 22)),
};

const confluent: Contender = {
  name: 'confluent',
  batchLingerMs: 5,
  note: 'its kafkajs-like API; partitioner murmur2_random',
  missing() {
    const addon = ['build', 'Release', 'confluent-kafka-javascript.node'];
    if (peerFileExists('@confluentinc', 'kafka-javascript', ...addon)) return undefined;
    return 'not installed (npm install --prefix bench/contenders/peers, with scripts: it fetches or compiles its addon)';
  },
  command: (spec) => nodeCommand('peers/confluent', spec),
};

export const contenders: Contender[] = [
  millrace,
  millracePool,
  millraceKafkajs,
  nodeRdkafka,
  nodeRdkafkaNoReports,
  kafkajs,
  platformatic,
  confluent,
  franzGo,
  cLoop,
  javaPerf,
];
