// npm run test:soak -- --minutes N: one producer, steadily used in every way, and its memory over time.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Producer } from '../../src';
import { createTopic } from '../broker/topics';
import { withBrokers } from './brokers';
import { type Footprint, footprint } from './process-footprint';

const SAMPLES = 60;
const COLUMN = 50;
/** Memory counts as grown when the last quarter's median is this much above the second's. */
const ALLOWED_GROWTH_MIB = 10;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes must be a number above 0');

async function useSteadily(producer: Producer, topic: string, ended: () => boolean): Promise<number> {
  let sent = 0;
  for (let round = 0; !ended(); round++) {
    const singles = Array.from({ length: 200 }, (_, i) =>
      producer.send({
        topic,
        key: `${i}`,
        value: 'x'.repeat(i),
        headers: i % 10 === 0 ? { h: 'v' } : undefined,
      }),
    );
    // Values of 2 KB are referred to by librdkafka instead of copied; every tenth batch has a record that is refused.
    const batch = Array.from({ length: 1000 }, (_, i) => ({
      topic,
      value: 'x'.repeat(i % 2 === 0 ? 100 : 2000),
    }));
    if (round % 10 === 0) batch.push({ topic: '', value: 'refused' });
    await Promise.all([...singles, producer.sendBatch(batch).catch(() => undefined)]);
    sent += singles.length + 1000;
    await sleep(20);
  }
  return sent;
}

async function soak(brokers: string): Promise<void> {
  const topic = await createTopic(brokers, { partitions: 6 });
  const producer = new Producer({ bootstrapServers: brokers });
  let over = false;
  const sending = useSteadily(producer, topic, () => over);
  const samples: Footprint[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    await sleep((minutes * 60_000) / SAMPLES);
    samples.push(footprint());
  }
  over = true;
  const sent = await sending;
  await producer.close();
  plot(samples);
  const quarter = (n: number) => median(samples.slice((SAMPLES / 4) * n, (SAMPLES / 4) * (n + 1)));
  const growth = quarter(3) - quarter(1);
  const threads = samples.map((sample) => sample.threads);
  console.log(
    `${sent.toLocaleString('en')} records in ${minutes} minutes; RSS ${growth.toFixed(1)} MiB more in the last ` +
      `quarter than in the second; threads ${Math.min(...threads)} to ${Math.max(...threads)}`,
  );
  if (growth > ALLOWED_GROWTH_MIB) process.exitCode = 1;
}

function plot(samples: readonly Footprint[]): void {
  const most = Math.max(...samples.map(({ rssMib }) => rssMib));
  samples.forEach(({ rssMib, files, threads }, i) => {
    const minute = (((i + 1) * minutes) / SAMPLES).toFixed(1).padStart(6);
    const bar = '#'.repeat(Math.round((rssMib / most) * COLUMN)).padEnd(COLUMN);
    console.log(`${minute} min ${bar} ${rssMib.toFixed(1)} MiB, ${threads} threads, ${files} files`);
  });
}

function median(samples: readonly Footprint[]): number {
  const sorted = samples.map(({ rssMib }) => rssMib).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

void withBrokers(soak);
