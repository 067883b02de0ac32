// Producers that are opened, used and closed, one after another.
import { Producer } from '../../src';
import { type Footprint, footprint } from './process-footprint';

export interface Cycles {
  /** After the first cycles, which start what stays: libuv's threads, compiled code. */
  warm: Footprint;
  /** After a tenth of them. */
  early: Footprint;
  end: Footprint;
}

const WARM_UP = 5;

export async function runCycles(brokers: string, topic: string, count: number): Promise<Cycles> {
  const cycle = async (i: number) => {
    const producer = new Producer({ bootstrapServers: brokers });
    await producer.connect();
    await producer.send({ topic, key: `${i}`, value: 'single' });
    await producer.sendBatch(Array.from({ length: 100 }, (_, n) => ({ topic, value: `${n}` })));
    // Every other one is closed with records on their way.
    const last = producer.send({ topic, value: 'last' });
    if (i % 2 === 0) await last;
    await producer.close();
    await last;
  };
  for (let i = 0; i < WARM_UP; i++) await cycle(i);
  const warm = footprint();
  let early = warm;
  for (let i = 0; i < count; i++) {
    await cycle(i);
    if (i === Math.floor(count / 10)) early = footprint();
  }
  return { warm, early, end: footprint() };
}
