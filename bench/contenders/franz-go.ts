// franz-go: the Go program of the folder of the same name, built on demand.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { isReady } from '../workloads';
import { build } from './build';
import { CACHE, type Contender } from './contender';

const binary = path.join(CACHE, 'franz-go');

export const franzGo: Contender = {
  name: 'franz-go',
  note: 'Go; byte slices prebuilt, one goroutine with ProduceSync for each caller; on the embedded cluster with the requests of Kafka 2.3',
  missing: () => (spawnSync('go', ['version']).status === 0 ? undefined : 'not run: Go is missing'),
  prepare: () => build('go', ['build', '-o', binary, '.'], path.join(__dirname, 'franz-go')),
  supports: (workload) => isReady(workload) && workload.pace === undefined,
  command: (spec) => ({ file: binary, args: [JSON.stringify(spec)] }),
};
