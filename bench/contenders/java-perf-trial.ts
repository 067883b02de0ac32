// One trial of Kafka's ProducerPerformance: finds out its speed, runs it for the asked time, reads its summary.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { javaCommand, kafkaClassPath, kafkaVersion } from '../../test/broker/kafka-jars';
import { distinctValues, valueAt } from '../record-pool';
import type { TrialResult, TrialSpec } from '../trial';
import { CACHE } from './contender';

const CLOCK_TICK_US = 10_000;
const SAMPLE_MS = 10;
const CALIBRATION_BYTES = 100_000_000;
const CALIBRATION_RECORDS = 1_000_000;

interface Run {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  cpuUs: number | null;
  rssPeak: number;
}

/** A process's CPU time and memory vanish with it, so they are read again and again until it ends. */
function watchUsage(child: ChildProcess) {
  const usage = { cpuUs: null as number | null, rssPeak: 0 };
  const timer = setInterval(() => {
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      if (ticks > 0) usage.cpuUs = ticks * CLOCK_TICK_US;
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      if (peak) usage.rssPeak = Number(peak[1]) * 1024;
    } catch {
      // Not Linux, or the process has just ended.
    }
  }, SAMPLE_MS);
  child.once('exit', () => clearInterval(timer));
  return usage;
}

async function produce(spec: TrialSpec, payload: string, records: number): Promise<Run> {
  const properties = [
    `bootstrap.servers=${spec.brokers}`,
    'acks=all',
    `enable.idempotence=${spec.workload.idempotent}`,
    `compression.type=${spec.workload.compression}`,
    `linger.ms=${spec.lingerMs}`,
    `batch.size=${spec.batchBytes}`,
    `buffer.memory=${spec.bufferBytes}`,
  ];
  const java = ['-cp', await kafkaClassPath(), 'org.apache.kafka.tools.ProducerPerformance'];
  const what = ['--topic', spec.topic, '--num-records', String(records), '--throughput', '-1'];
  const child = spawn(
    javaCommand(),
    [...java, ...what, '--payload-file', payload, '--producer-props', ...properties],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const usage = watchUsage(child);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  const summary = output.trim().split('\n').at(-1) ?? '';
  const found =
    /^(\d+) records sent, ([\d.]+) records\/sec .*? (\d+) ms 50th, (\d+) ms 95th, (\d+) ms 99th/.exec(
      summary,
    );
  if (code !== 0 || !found || Number(found[1]) !== records) {
    throw new Error(`ProducerPerformance ended with ${code}:\n${output}`);
  }
  const [perSecond = 0, p50 = 0, p95 = 0, p99 = 0] = found.slice(2).map(Number);
  return { perSecond, p50, p95, p99, ...usage };
}

async function main() {
  const spec = JSON.parse(process.argv[2]!) as TrialSpec;
  const { valueBytes } = spec.workload;
  // Kept from trial to trial, and always the same for a size.
  const payload = path.join(CACHE, `values-${valueBytes}.txt`);
  const values = Array.from({ length: distinctValues(valueBytes) }, (_, index) => valueAt(index, valueBytes));
  await mkdir(CACHE, { recursive: true });
  await writeFile(payload, values.join('\n'));

  const first = Math.min(CALIBRATION_RECORDS, Math.ceil(CALIBRATION_BYTES / valueBytes));
  const calibration = await produce(spec, payload, first);
  // The first run is the shorter one, so more of it is a cold JVM: the second is faster.
  const records = spec.records ?? Math.ceil(1.5 * calibration.perSecond * spec.seconds);
  const run = await produce(spec, payload, records);
  const result: TrialResult = {
    records,
    bytes: records * valueBytes,
    seconds: records / run.perSecond,
    cpuUs: run.cpuUs,
    rssPeak: run.rssPeak,
    latencyMs: { p50: run.p50, p95: run.p95, p99: run.p99 },
    eventLoopDelayMs: null,
    versions: { 'kafka-clients': kafkaVersion },
    recordsSent: records + first,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
